using Compare.Managed;

namespace Compare;

/// <summary>The comparison, and its .NET peers, which are this program again. bench/README.md says what is measured.</summary>
internal static class Program
{
    private static int Main(string[] args) => args switch
    {
        ["run", var peer, var measurement, .. var numbers] => ManagedProgram.Run(peer, measurement, numbers),
        _ => CompareCommand.Run(args),
    };
}
