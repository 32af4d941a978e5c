using Vigil.Interop;

namespace Vigil;

/// <summary>Determines whether a file that appeared is complete, that is, not open for writing.</summary>
internal static class FileWriters
{
    /// <summary>The number of links of a path's regular file; 0 if it names none.</summary>
    public static uint LinkCountOf(string path)
    {
        int fd = DirectoryReader.OpenPath(path, out int errno);
        if (errno != Errno.Success)
        {
            return 0;
        }

        bool isFile = DirectoryNative.IsRegularFile(fd, out uint linkCount);
        _ = FileNative.Close(fd);
        return isFile ? linkCount : 0;
    }

    /// <summary>The state of a path's file, links not followed.</summary>
    public static WriterState Of(string path)
    {
        int fd = DirectoryReader.OpenPath(path, out int errno);
        if (errno != Errno.Success)
        {
            return WriterState.NoFile;
        }

        try
        {
            if (!DirectoryNative.IsRegularFile(fd, out _))
            {
                return WriterState.NoFile;
            }

            return LeaseNative.AskForWriter(fd) switch
            {
                Errno.Success => WriterState.None,
                Errno.EAGAIN => WriterState.Some,
                _ => WriterState.Unknown,
            };
        }
        finally
        {
            _ = FileNative.Close(fd);
        }
    }
}

/// <summary>What is known of a file's writers.</summary>
internal enum WriterState
{
    /// <summary>It is no regular file, or is gone.</summary>
    NoFile,

    /// <summary>It is not open for writing: it is complete.</summary>
    None,

    /// <summary>It is open for writing, and the end of that will be reported.</summary>
    Some,

    /// <summary>It cannot be determined.</summary>
    Unknown,
}
