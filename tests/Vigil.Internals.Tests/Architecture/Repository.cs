using System.Reflection;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>
/// The sources from which this assembly was built. The build provides the path: the output may be outside of the repository, so that
/// walking up from it would not find them.
/// </summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Library => Path.Combine(Root, "src", "Vigil");

    public static string Architecture => Path.Combine(Root, "tests", "Vigil.Internals.Tests", "Architecture");

    private static string FindRoot()
    {
        string root = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => string.Equals(attribute.Key, "RepositoryRoot", StringComparison.Ordinal)).Value!;
        Assert.True(File.Exists(Path.Combine(root, "Vigil.slnx")), $"{root} is not the repository's root; build the tests where they run.");
        return root;
    }
}
