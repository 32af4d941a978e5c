using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>docs/where.md names files and members of the library.</summary>
public partial class PlacesTests
{
    [Fact]
    public void Every_place_that_the_documentation_names_exists()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "where.md"));
        (string File, string Member)[] places = [.. Place().Matches(page).Select(
            match => (match.Groups["file"].Value, match.Groups["member"].Value))];
        Assert.True(places.Length >= 10, $"{places.Length} places were found.");
        Assert.All(places, place => Assert.Contains(place.Member, MembersOf(place.File)));
    }

    private static string[] MembersOf(string file) => [.. LibrarySources.Current.Trees
        .Single(tree => string.Equals(tree.FilePath, file, StringComparison.Ordinal)).GetRoot().DescendantNodes()
        .OfType<MethodDeclarationSyntax>().Select(method => method.Identifier.Text)];

    [GeneratedRegex("`(?<file>[A-Za-z/]+\\.cs)`: `(?<member>\\w+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Place();
}
