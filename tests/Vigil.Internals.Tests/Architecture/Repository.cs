using System.Reflection;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>
/// Where the sources are that this assembly was built from. The build says so: the output may lie outside of the repository,
/// so there is nothing to be found by walking up from it.
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
