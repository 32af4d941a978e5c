namespace Vigil.Benchmarks.Ratio;

/// <summary>The part of a file that a program writes, between two markers; all else in the file is people's.</summary>
internal sealed class MarkedSection
{
    private const string Begin = "<!-- ratio:begin -->";
    private const string End = "<!-- ratio:end -->";

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
    public static MarkedSection Open(string file)
    {
        string text = File.ReadAllText(file);
        string[] atBegin = text.Split(Begin);
        string[] atEnd = text.Split(End);
        if (atBegin.Length != 2 || atEnd.Length != 2 || atBegin[0].Length > atEnd[0].Length)
        {
            throw new InvalidOperationException($"{file}: the lines {Begin} and {End} must be there, once each and in this order.");
        }

        return new MarkedSection(file, atBegin[0] + Begin, End + atEnd[1]);
    }

    public void Replace(string content) => File.WriteAllText(_file, $"{_before}\n{content}\n{_after}");
}
