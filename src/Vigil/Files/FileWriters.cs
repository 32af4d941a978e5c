using Vigil.Interop;

namespace Vigil;

/// <summary>Whether a file that appeared is complete: whether somebody has it open for writing.</summary>
internal static class FileWriters
{
    /// <summary>How many names the regular file has that a path names; 0 if it names none.</summary>
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

    /// <summary>Asks of what a path names, links not followed.</summary>
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

    /// <summary>Nobody has it open for writing: it is complete.</summary>
    None,

    /// <summary>Somebody has it open for writing, and the end of that will be told.</summary>
    Some,

    /// <summary>Nobody can say.</summary>
    Unknown,
}
