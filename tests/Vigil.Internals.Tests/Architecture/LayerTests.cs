namespace Vigil.Internals.Tests.Architecture;

/// <summary>Which folder of the library may use which. The picture in docs/design.md is generated from the code.</summary>
public class LayerTests
{
    private const string Begin = "<!-- folders:begin -->\n";
    private const string End = "<!-- folders:end -->\n";

    [Fact]
    public void Every_name_in_the_sources_is_bound_so_that_no_reference_is_overlooked()
    {
        Assert.Empty(LibrarySources.Current.Errors);
        Assert.Contains(LibrarySources.Current.References, reference => reference is { FromFolder: "Polling", ToFolder: "Interop" });
    }

    [Fact]
    public void Every_folder_has_a_place_among_the_layers()
    {
        string[] unknown = [.. LibrarySources.Current.Trees.Select(tree => LibrarySources.FolderOf(tree.FilePath))
            .Where(folder => !Layers.IsKnown(folder)).Distinct(StringComparer.Ordinal)];

        Assert.Empty(unknown);
    }

    [Fact]
    public void The_graph_of_the_folders_has_no_circle() => Assert.Empty(FolderGraph.OfLibrary().FindCircle());

    [Fact]
    public void References_point_down_or_to_a_neighbour_that_is_listed()
    {
        string[] violations = [.. LibrarySources.Current.References
            .Where(reference => !reference.IsToFace && Layers.IsKnown(reference.FromFolder) && Layers.IsKnown(reference.ToFolder))
            .Where(reference => !string.Equals(reference.FromFolder, reference.ToFolder, StringComparison.Ordinal))
            .Where(reference => !Layers.IsAllowed(reference.FromFolder, reference.ToFolder))
            .Select(reference => $"{reference.FromFile} uses {reference.TypeName} of {reference.ToFile}")];

        Assert.True(violations.Length == 0, string.Join('\n', violations));
    }

    [Fact]
    public void Every_neighbour_that_is_listed_is_used()
    {
        (string, string)[] edges = [.. FolderGraph.OfLibrary().Edges];

        Assert.All(Layers.Neighbours, neighbour => Assert.Contains((neighbour.From, neighbour.To), edges));
    }

    [Fact]
    public void No_other_folder_uses_what_the_manager_does_not_show_to_users()
    {
        string[] violations = [.. LibrarySources.Current.References
            .Where(
                reference => reference.TypeName is "Vigil.EventManager" or "Vigil.EventManagerOptions" && !reference.IsToFace
                    && reference.FromFolder.Length > 0)
            .Select(reference => $"{reference.FromFile} uses {reference.TypeName}.{reference.Member}")];

        Assert.True(violations.Length == 0, string.Join('\n', violations));
    }

    [Fact]
    public void The_picture_of_the_folders_in_the_documentation_is_that_of_the_code()
    {
        string page = Path.Combine(Repository.Root, "docs", "design.md");
        string text = File.ReadAllText(page);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int end = text.IndexOf(End, StringComparison.Ordinal);
        var graph = FolderGraph.OfLibrary();
        Assert.Empty(graph.FindCircle());
        string picture = graph.ToMermaid();
        if (Environment.GetEnvironmentVariable("VIGIL_ACCEPT_FOLDERS") == "1")
        {
            File.WriteAllText(page, text[..begin] + picture + text[end..]);
            return;
        }

        Assert.True(
            string.Equals(picture, text[begin..end], StringComparison.Ordinal),
            "The folders have changed. Where that is meant, run this test with VIGIL_ACCEPT_FOLDERS=1 and commit docs/design.md.");
    }
}
