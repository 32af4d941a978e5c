using System.Globalization;

namespace MetricsGateway.Flushing;

/// <summary>
/// A file of whole reports. It is opened for each report, so a file that was moved away, or whose disk was full a moment ago, does not
/// affect the next report.
/// </summary>
/// <param name="Path">The file, or a link to it.</param>
/// <param name="Size">The maximum size. A report that no longer fits begins a new file, so no report is divided.</param>
/// <param name="Kept">The number of older files to keep: <c>path.1</c>, the newest of them, to <c>path.kept</c>.</param>
internal sealed record RotatingFile(string Path, long Size, int Kept)
{
    private const byte Newline = (byte)'\n';

    /// <summary>Checks that the file can be written and rotated, and changes nothing.</summary>
    /// <exception cref="FlushFileException">It cannot be written or rotated.</exception>
    public void Check()
    {
        try
        {
            string target = Target();
            bool exists = File.Exists(target);
            using FileStream stream = Open(target);
            if (!stream.CanSeek)
            {
                throw new FlushFileException(Path, "it is no regular file");
            }

            if (!exists && stream.Length == 0)
            {
                // The first report creates the file; if the start fails for another reason, none is left behind. A link that the option
                // names stays.
                File.Delete(target);
            }

            CheckDirectory(target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException
            or NotSupportedException)
        {
            throw new FlushFileException(Path, exception.Message, exception);
        }
    }

    /// <summary>Appends a report, to a new file if it does not fit into this one.</summary>
    /// <returns>Whether a new file was begun.</returns>
    /// <exception cref="IOException">It could not be written, and nothing of it is left, unless the disk refuses that too.
    /// Or the old file could not be renamed, and all files are as they were.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public bool Append(ReadOnlySpan<byte> report)
    {
        string target = Target();
        bool isFull = false;
        using (FileStream stream = Open(target))
        {
            isFull = stream.Length > 0 && stream.Length + report.Length > Size;
            if (!isFull)
            {
                Append(stream, report);
            }
        }

        if (isFull)
        {
            Rotate(target);
            using FileStream stream = Open(target);
            Append(stream, report);
        }

        return isFull;
    }

    private static void Append(FileStream stream, ReadOnlySpan<byte> report)
    {
        long end = stream.Length;
        try
        {
            stream.Position = Math.Max(end - 1, 0);
            int last = stream.ReadByte();
            stream.Position = end;
            if (end > 0 && last != Newline)
            {
                // A process that was killed in the middle of a line must not spoil the next line.
                stream.WriteByte(Newline);
            }

            stream.Write(report);
        }
        catch
        {
            // Most likely the disk is full; half a report is worse than none. A file that is too large for its file system is reported as
            // an argument that is out of range.
            Truncate(stream, end);
            throw;
        }
    }

    private static void Truncate(FileStream stream, long end)
    {
        try
        {
            stream.SetLength(end);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // The exception of the write says more.
        }
    }

    // A rotation creates names in the file's directory, which may be read-only although the file itself is writable.
    private static void CheckDirectory(string target)
    {
        string probe = string.Create(CultureInfo.InvariantCulture, $"{target}.probe-{Environment.ProcessId}");
        try
        {
            using FileStream stream = new(
                probe,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    Options = FileOptions.DeleteOnClose,
                    BufferSize = 0
                });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"its directory takes no other files, so it cannot be rotated: {exception.Message}", exception);
        }
    }

    // Each step renames a file to a free name, so that all steps can be undone if one fails. Files are deleted only when nothing can fail
    // any more.
    private void Rotate(string target)
    {
        int free = 1;
        while (IsTaken(Older(target, free)))
        {
            free++;
        }

        Stack<(string From, string To)> moved = new();
        try
        {
            for (int number = free; number > 0; number--)
            {
                (string From, string To) step = (number == 1 ? target : Older(target, number - 1), Older(target, number));
                File.Move(step.From, step.To);
                moved.Push(step);
            }
        }
        catch
        {
            while (moved.TryPop(out (string From, string To) step))
            {
                File.Move(step.To, step.From);
            }

            throw;
        }

        // Deletes the file that is too old now, and those that a larger number of kept files has left.
        for (int number = Kept + 1; IsTaken(Older(target, number)); number++)
        {
            File.Delete(Older(target, number));
        }
    }

    // Directories are not checked: renaming a file to the name of one fails, and says why.
    private static bool IsTaken(string path)
    {
        FileInfo file = new(path);
        return file.Exists || file.LinkTarget is not null;
    }

    private static string Older(string target, int number) => string.Create(CultureInfo.InvariantCulture, $"{target}.{number}");

    // Opened for reading, too: opening a pipe does not block then, and the end of the last line is checked.
    private static FileStream Open(string target) => new(target, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
    });

    // If the path is a link, its target is written, and rotated in the target's directory; the link stays.
    private string Target() =>
        new FileInfo(Path).LinkTarget is null ? Path : File.ResolveLinkTarget(Path, returnFinalTarget: true)!.FullName;
}
