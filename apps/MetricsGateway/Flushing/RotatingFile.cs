using System.Globalization;

namespace MetricsGateway.Flushing;

/// <summary>
/// A file of whole reports. It is opened for each of them: a file that was moved away, or whose disk was full a moment ago, is none of
/// the next one's concern.
/// </summary>
/// <param name="Path">The file, or a link to it.</param>
/// <param name="Size">How large it may become. A report that does not fit any more begins a new file, so none is divided.</param>
/// <param name="Kept">How many older files there may be: <c>path.1</c>, the newest of them, to <c>path.kept</c>.</param>
internal sealed record RotatingFile(string Path, long Size, int Kept)
{
    private const byte Newline = (byte)'\n';

    /// <summary>Makes sure that it can be written and rotated, and leaves all as it was.</summary>
    /// <exception cref="FlushFileException">It cannot.</exception>
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
                // The first report begins it: something else may be wrong, and then there is none. Where the option names a link, that
                // stays.
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
    /// Or the old file could not be put aside, and it and all older ones are as they were.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
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
                // Whoever was killed here in the middle of a line must not spoil the next one.
                stream.WriteByte(Newline);
            }

            stream.Write(report);
        }
        catch
        {
            // The disk is full, most likely, and half a report is worse than none. A file that is too large for its file system is told as
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
            // Why it could not be written says more than that.
        }
    }

    // A rotation needs new names in the directory of the file, which may be closed although the file itself can be written.
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

    // Each step gives a file a name that is free, so that all of them can be taken back when one fails. Files are deleted when nothing
    // can fail any more.
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

        // The one that is too old now, and those that another number of files has left over.
        for (int number = Kept + 1; IsTaken(Older(target, number)); number++)
        {
            File.Delete(Older(target, number));
        }
    }

    // A directory takes a name, too, but not for long: the move onto it fails, and says why.
    private static bool IsTaken(string path)
    {
        FileInfo file = new(path);
        return file.Exists || file.LinkTarget is not null;
    }

    private static string Older(string target, int number) => string.Create(CultureInfo.InvariantCulture, $"{target}.{number}");

    // For reading too: that does not wait where the file is a pipe, and the last line is looked at.
    private static FileStream Open(string target) => new(target, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
    });

    // Where the path is a link, the file that it leads to is written and rotated, beside itself; the link stays.
    private string Target() =>
        new FileInfo(Path).LinkTarget is null ? Path : File.ResolveLinkTarget(Path, returnFinalTarget: true)!.FullName;
}
