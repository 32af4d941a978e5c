namespace Vigil.Tool;

/// <summary>Prints a recording as text.</summary>
internal static class ReplayCommand
{
    /// <summary>Prints each record as a line. A file that ends in the middle, or is damaged there, is printed up to that place.</summary>
    /// <returns>False if the file cannot be read to its end; a line of <paramref name="errors"/> says why.</returns>
    public static bool Run(string path, TextWriter output, TextWriter errors)
    {
        IEnumerator<string> lines;
        try
        {
            lines = Recorder.ReadText(path).GetEnumerator();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException
            or ArgumentException)
        {
            errors.WriteLine(exception.Message);
            return false;
        }

        using (lines)
        {
            while (true)
            {
                try
                {
                    if (!lines.MoveNext())
                    {
                        break;
                    }
                }
                catch (Exception exception) when (exception is IOException or InvalidDataException)
                {
                    output.Flush();
                    errors.WriteLine(exception.Message);
                    return false;
                }

                output.WriteLine(lines.Current);
            }
        }

        output.Flush();
        return true;
    }
}
