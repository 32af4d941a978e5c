namespace Vigil.Benchmarks.Reporting;

/// <summary>The part of a file that a program writes, between two markers; all else in the file is people's.</summary>
internal sealed class MarkedSection
{
    private readonly string _file;
    private readonly string _before;
    private readonly string _after;

    private MarkedSection(string file, string before, string after)
    {
        _file = file;
        _before = before;
        _after = after;
    }

    /// <exception cref="InvalidOperationException">The file has not both markers, once each and in their order.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static MarkedSection Open(string file, string name)
    {
        string begin = $"<!-- {name}:begin -->";
        string end = $"<!-- {name}:end -->";
        string text = File.ReadAllText(file);
        string[] atBegin = text.Split(begin);
        string[] atEnd = text.Split(end);
        if (atBegin.Length != 2 || atEnd.Length != 2 || atBegin[0].Length > atEnd[0].Length)
        {
            throw new InvalidOperationException($"{file}: the lines {begin} and {end} must be there, once each and in this order.");
        }

        return new MarkedSection(file, atBegin[0] + begin, end + atEnd[1]);
    }

    public void Replace(string content) => File.WriteAllText(_file, $"{_before}\n{content}\n{_after}");
}
