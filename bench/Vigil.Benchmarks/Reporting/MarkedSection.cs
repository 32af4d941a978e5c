namespace Vigil.Benchmarks.Reporting;

/// <summary>The part of a file between two markers, which a program writes. The rest of the file belongs to people, who may edit it even
/// during a run of an hour.</summary>
internal sealed class MarkedSection
{
    private readonly string _file;
    private readonly string _begin;
    private readonly string _end;

    private MarkedSection(string file, string name)
    {
        _file = file;
        _begin = $"<!-- {name}:begin -->";
        _end = $"<!-- {name}:end -->";
    }

    /// <exception cref="InvalidOperationException">The file does not have both markers, once each and in order.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static MarkedSection Open(string file, string name)
    {
        var section = new MarkedSection(file, name);
        _ = section.Read();
        return section;
    }

    /// <summary>Puts a text between the markers, in the file's present content.</summary>
    /// <exception cref="InvalidOperationException">The file has lost its markers since.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public void Replace(string content) => Replace(_ => content);

    /// <summary>Puts a text between the markers that is made from the present text there.</summary>
    /// <inheritdoc cref="Replace(string)"/>
    public void Replace(Func<string, string> content)
    {
        (string before, string between, string after) = Read();
        File.WriteAllText(_file, $"{before}{_begin}\n{content(between.Trim('\n'))}\n{_end}{after}");
    }

    private (string Before, string Between, string After) Read()
    {
        string text = File.ReadAllText(_file);
        string[] atBegin = text.Split(_begin);
        string[] atEnd = text.Split(_end);
        if (atBegin.Length != 2 || atEnd.Length != 2 || atBegin[0].Length > atEnd[0].Length)
        {
            throw new InvalidOperationException($"{_file}: the lines {_begin} and {_end} must be there, once each and in this order.");
        }

        return (atBegin[0], atEnd[0][(atBegin[0].Length + _begin.Length)..], atEnd[1]);
    }
}
