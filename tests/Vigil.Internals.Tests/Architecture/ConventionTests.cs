using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>Conventions of the library's sources.</summary>
public class ConventionTests
{
    private static readonly string[] Folders = ["src", "apps", "samples", "tests", "bench"];

    private static readonly string[] EmptyNames = ["Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Common", "Manager"];

    [Fact]
    public void No_type_has_a_name_that_says_nothing()
    {
        string[] names = [.. LibrarySources.Current.DeclaredTypes().Select(type => type.Name)
            .Where(name => EmptyNames.Any(empty => name.EndsWith(empty, StringComparison.Ordinal)))
            .Where(name => !string.Equals(name, "EventManager", StringComparison.Ordinal))];

        Assert.Empty(names);
    }

    [Fact]
    public void There_are_no_regions()
    {
        string[] files = [.. LibrarySources.Current.Trees
            .Where(tree => tree.GetRoot().DescendantTrivia().Any(trivia => trivia.IsKind(SyntaxKind.RegionDirectiveTrivia)))
            .Select(tree => tree.FilePath)];

        Assert.Empty(files);
    }

    // Except where waiters must be released or may be interrupted: that needs a monitor, and is documented there.
    [Fact]
    public void Locks_are_taken_whether_or_not_the_thread_is_interrupted()
    {
        string[] files = [.. LibrarySources.Current.Trees
            .Where(tree => tree.GetRoot().DescendantNodes().OfType<LockStatementSyntax>().Any())
            .Select(tree => tree.FilePath)];

        Assert.Equal(["Workers/QueueRoom.cs"], files);
    }

    [Fact]
    public void No_line_of_the_repository_is_wider_than_editorconfig_says()
    {
        int width = int.Parse(
            File.ReadLines(Path.Combine(Repository.Root, ".editorconfig"))
                .Single(line => line.StartsWith("max_line_length", StringComparison.Ordinal))
                .Split('=')[1],
            CultureInfo.InvariantCulture);

        string[] wide = [.. Folders
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .SelectMany(path => File.ReadLines(path).Select((line, index) => (Path: path, Line: line, Number: index + 1)))
            .Where(line => line.Line.Length > width)
            .Select(line => $"{line.Path}:{line.Number}")];

        Assert.Empty(wide);
    }

    [Fact]
    public void Only_types_with_generated_methods_are_partial()
    {
        string[] types = [.. LibrarySources.Current.Trees
            .SelectMany(tree => tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>())
            .Where(
                type => type.Modifiers.Any(SyntaxKind.PartialKeyword) && !type.Members.OfType<MethodDeclarationSyntax>().Any(IsGenerated))
            .Select(type => $"{type.SyntaxTree.FilePath}: {type.Identifier.Text}")];

        Assert.Empty(types);
    }

    [Fact]
    public void Public_types_are_in_the_namespaces_for_users()
    {
        string[] types = [.. LibrarySources.Current.DeclaredTypes()
            .Where(type => type.DeclaredAccessibility == Accessibility.Public && type.ContainingType is null)
            .Where(type => type.ContainingNamespace.ToDisplayString() is not ("Vigil" or "Vigil.IO" or "Vigil.Polling"))
            .Select(type => type.ToDisplayString())];

        Assert.Empty(types);
    }

    // The ground and the mechanisms have namespaces of their own. Users' types, and everything that belongs to a feature, are in the
    // namespace that users import.
    [Fact]
    public void The_namespace_of_a_type_says_at_which_level_it_is()
    {
        string[] strays = [.. LibrarySources.Current.DeclaredTypes()
            .Where(
                type => !string.Equals(
                    type.ContainingNamespace.ToDisplayString(),
                    NamespaceOf(LibrarySources.FolderOf(type.Locations[0].SourceTree!.FilePath)),
                    StringComparison.Ordinal))
            .Select(type => $"{type.ToDisplayString()} in {type.Locations[0].SourceTree!.FilePath}")];

        Assert.Empty(strays);
    }

    // Apart from their sign, whole numbers are the same in every culture, and none of these can be negative.
    [Fact]
    public void Fractions_and_dates_in_texts_do_not_depend_on_the_culture()
    {
        string[] holes = [.. LibrarySources.Current.Interpolations()
            .Where(hole => hole.Hole.FormatClause is not null || IsFormattedByCulture(hole.Type))
            .Where(hole => !hole.Hole.Ancestors().OfType<InvocationExpressionSyntax>().Any(IsInvariant))
            .Select(hole => $"{hole.Hole.SyntaxTree.FilePath}: {hole.Hole}")];

        Assert.Empty(holes);
    }

    private static bool IsFormattedByCulture(ITypeSymbol? type) =>
        type?.SpecialType is SpecialType.System_Double or SpecialType.System_Single or SpecialType.System_Decimal
            or SpecialType.System_DateTime
        || type?.Name is nameof(DateTimeOffset);

    private static bool IsInvariant(InvocationExpressionSyntax call) =>
        call.ArgumentList.Arguments.FirstOrDefault()?.Expression.ToString() is "CultureInfo.InvariantCulture";

    private static string NamespaceOf(string folder) =>
        folder is not "Model"
            && Layers.Levels.Take(2).Any(level => level.Folders.Contains(folder, StringComparer.Ordinal)) ? $"Vigil.{folder}" : "Vigil";

    private static bool IsGenerated(MethodDeclarationSyntax method) =>
        method.AttributeLists.SelectMany(list => list.Attributes).Any(attribute => attribute.Name.ToString() is "LibraryImport");
}
