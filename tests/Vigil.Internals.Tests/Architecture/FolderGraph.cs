using System.Globalization;
using System.Text;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>
/// The references between the library's folders. Public members of the manager and its options are left out: callbacks pass the manager to
/// users, so any feature may use its public API.
/// </summary>
internal sealed class FolderGraph
{
    private readonly SortedDictionary<string, SortedSet<string>> _uses = new(StringComparer.Ordinal);

    private FolderGraph(IEnumerable<TypeReference> references)
    {
        foreach (TypeReference reference in references)
        {
            if (!_uses.TryGetValue(reference.FromFolder, out SortedSet<string>? used))
            {
                _uses.Add(reference.FromFolder, used = new SortedSet<string>(StringComparer.Ordinal));
            }

            used.Add(reference.ToFolder);
        }
    }

    public static FolderGraph OfLibrary() => new(LibrarySources.Current.References
        .Where(reference => !reference.IsToFace && !string.Equals(reference.FromFolder, reference.ToFolder, StringComparison.Ordinal)));

    public IEnumerable<(string From, string To)> Edges => _uses.SelectMany(pair => pair.Value.Select(to => (pair.Key, to)));

    /// <summary>A path from a folder back to itself; empty if there is none.</summary>
    public string[] FindCircle()
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (string folder in _uses.Keys)
        {
            List<string> path = [];
            if (Search(folder, path, done))
            {
                return [.. path.SkipWhile(other => !string.Equals(other, path[^1], StringComparison.Ordinal))];
            }
        }

        return [];
    }

    /// <summary>
    /// A Mermaid diagram with a box per level. An arrow that a longer path implies is left out.
    /// </summary>
    public string ToMermaid()
    {
        var text = new StringBuilder("```mermaid\nflowchart TD\n");
        foreach ((string level, string[] folders) in Layers.Levels.Reverse())
        {
            text.Append(CultureInfo.InvariantCulture, $"  subgraph {level.Replace(' ', '_')}[\"{level}\"]\n    ")
                .AppendJoin("; ", folders.Select(Name)).Append("\n  end\n");
        }

        foreach ((string from, string to) in Edges.Where(edge => !IsImplied(edge.From, edge.To)))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {Name(from)} --> {Name(to)}\n");
        }

        return text.Append("```\n").ToString();
    }

    private static string Name(string folder) => folder.Length == 0 ? "EventManager" : folder;

    private bool IsImplied(string from, string to) =>
        _uses[from].Any(between => !string.Equals(between, to, StringComparison.Ordinal) && Reaches(between, to));

    private bool Reaches(string from, string to) =>
        _uses.TryGetValue(from, out SortedSet<string>? used)
            && used.Any(next => string.Equals(next, to, StringComparison.Ordinal) || Reaches(next, to));

    private bool Search(string folder, List<string> path, HashSet<string> done)
    {
        bool isOnPath = path.Contains(folder, StringComparer.Ordinal);
        path.Add(folder);
        if (isOnPath)
        {
            return true;
        }

        if (!done.Contains(folder))
        {
            foreach (string next in _uses.GetValueOrDefault(folder) ?? [])
            {
                if (Search(next, path, done))
                {
                    return true;
                }
            }

            done.Add(folder);
        }

        path.RemoveAt(path.Count - 1);
        return false;
    }
}
