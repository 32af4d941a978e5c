namespace Vigil.Internals.Tests.Architecture;

/// <summary>Between the folders of the library references only point down.</summary>
public class LayerTests
{
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
    public void References_only_point_down()
    {
        string[] violations = [.. LibrarySources.Current.References
            .Where(reference => Layers.IsKnown(reference.FromFolder) && Layers.IsKnown(reference.ToFolder))
            .Where(reference => !Layers.IsAllowed(reference.FromFolder, reference.ToFolder))
            .Select(reference => $"{reference.FromFile} uses {reference.TypeName} of {reference.ToFile}")];

        Assert.True(violations.Length == 0, string.Join('\n', violations));
    }

    [Fact]
    public void Every_exception_among_the_layers_is_needed()
    {
        Assert.All(Layers.Exceptions, exception => Assert.Contains(LibrarySources.Current.References, reference => exception.Connects(reference.FromFolder, reference.ToFolder)));
    }
}
