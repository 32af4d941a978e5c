using Vigil.Benchmarks.Reporting;

namespace Vigil.Benchmarks.Files;

/// <summary>The events that a file event and a <see cref="FileSystemWatcher"/> report for the same tree, side by side, for a script of
/// common file operations.</summary>
internal static class ComparisonCommand
{
    public static int Run(string[] arguments) => ReportCommand.Run("file-events", arguments, Compare);

    private static IEnumerable<string> Compare(ReportOptions options, NativeDriver? native)
    {
        yield return "| what is done | file event | debounced | `FileSystemWatcher` |";
        yield return "| --- | --- | --- | --- |";
        foreach (ScriptStep step in ScriptStep.All)
        {
            if (options.Includes(step.Name))
            {
                using var observation = new Observation(step);
                yield return $"| {step.Name} | {Cell(observation.Plain)} | {Cell(observation.Debounced)} | {Cell(observation.Framework)} |";
            }
        }
    }

    private static string Cell(IReadOnlyList<string> lines) => lines.Count == 0 ? "–" : string.Join("<br>", lines);
}
