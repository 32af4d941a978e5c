using System.Globalization;

namespace MetricsGateway.Flushing;

/// <summary>
/// A file of whole reports. It is opened for each of them: a file that was moved away, or whose disk was full a moment ago, is none of
/// the next one's concern.
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Size">How large it may become. A report that does not fit any more begins a new file, so none is divided.</param>
/// <param name="Kept">How many older files there may be: <c>path.1</c>, the newest of them, to <c>path.kept</c>.</param>
internal sealed record RotatingFile(string Path, long Size, int Kept)
{
    private const byte Newline = (byte)'\n';

    /// <summary>Makes sure that it can be written, and leaves all as it was.</summary>
    /// <exception cref="FlushFileException">It cannot.</exception>
    public void Check()
    {
        try
        {
            string path = new FileInfo(Path).LinkTarget is null ? Path : File.ResolveLinkTarget(Path, returnFinalTarget: true)!.FullName;
            bool exists = File.Exists(path);
            using FileStream stream = Open();
            if (!stream.CanSeek)
            {
                throw new FlushFileException(Path, "it is no regular file");
            }

            if (!exists && stream.Length == 0)
            {
                // The first report begins it: something else may be wrong, and then there is none. Where the option names a link, that stays.
                File.Delete(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new FlushFileException(Path, exception.Message, exception);
        }
    }

    /// <summary>Appends a report, to a new file if it does not fit into this one.</summary>
    /// <returns>Whether a new file was begun.</returns>
    /// <exception cref="IOException">It could not be written. Nothing of it is left, unless the disk refuses that too.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public bool Append(ReadOnlySpan<byte> report)
    {
        bool isFull = false;
        using (FileStream stream = Open())
        {
            isFull = stream.Length > 0 && stream.Length + report.Length > Size;
            if (!isFull)
            {
                Append(stream, report);
            }
        }

        if (isFull)
        {
            Rotate();
            using FileStream stream = Open();
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
            // The disk is full, most likely, and half a report is worse than none. A file that is too large for its file system is told as an
            // argument that is out of range.
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

    private void Rotate()
    {
        // Those that another number of files has left over.
        for (int number = Kept; File.Exists(Older(number)); number++)
        {
            File.Delete(Older(number));
        }

        for (int number = Kept - 1; number > 0; number--)
        {
            if (File.Exists(Older(number)))
            {
                File.Move(Older(number), Older(number + 1), overwrite: true);
            }
        }

        File.Move(Path, Older(1), overwrite: true);
    }

    private string Older(int number) => string.Create(CultureInfo.InvariantCulture, $"{Path}.{number}");

    // For reading too: that does not wait where the file is a pipe, and the last line is looked at.
    private FileStream Open() => new(Path, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
    });
}
