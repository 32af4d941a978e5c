using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace Vigil.Benchmarks.Reporting;

/// <summary>The machine, the tools and the command of a measurement: a figure without these is meaningless.</summary>
internal static class MachineDescription
{
    /// <param name="command">The command line, for repetition.</param>
    /// <param name="compiler">The compiler of the C side; null if there is none.</param>
    /// <param name="stolen">The stolen time since the measurements began.</param>
    public static IEnumerable<string> Describe(string command, string? compiler, StolenTime stolen) =>
    [
        Machine,
        $"- kernel: {Kernel}; load average when done {LoadAverage}; {stolen}",
        $"- runtime: {Runtime}",
        Compiler(compiler),
        $"- command: `{command}`, {Now}",
    ];

    /// <summary>The line about the machine.</summary>
    public static string Machine =>
        $"- machine: {Processor()}, {Environment.ProcessorCount} logical processors, {RuntimeInformation.ProcessArchitecture}";

    /// <summary>The line about the C side.</summary>
    public static string Compiler(string? compiler) =>
        $"- C: {compiler ?? "no compiler (cc) found, so raw epoll was not measured and there are no ratios"}";

    /// <summary>Time and command, for a table among others that were measured at other times.</summary>
    public static string DescribeRun(string command, StolenTime stolen) =>
        $"Measured {Now} by `{command}`; {Kernel}, {Runtime}, load average when done {LoadAverage}, {stolen}.";

    private static string Kernel => $"Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}";

    private static string Runtime => $"{RuntimeInformation.FrameworkDescription}, {(GCSettings.IsServerGC ? "server" : "workstation")} GC";

    private static string Now => $"{DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC";

    private static string LoadAverage => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string Processor()
    {
        // "model name" exists on x86; other architectures have no such line.
        string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        return line is null ? "unnamed processor" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
