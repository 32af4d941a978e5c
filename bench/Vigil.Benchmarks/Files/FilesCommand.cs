using Vigil.Benchmarks.Reporting;

namespace Vigil.Benchmarks.Files;

/// <summary>Measures file events beside <see cref="FileSystemWatcher"/>, in alternating rounds, and prints a table.</summary>
internal static class FilesCommand
{
    public static int Run(string[] arguments) => ReportCommand.Run("files", arguments, Measure);

    private static IEnumerable<string> Measure(ReportOptions options, NativeDriver? native)
    {
        int rounds = options.IsQuick ? 2 : 7;
        int files = options.IsQuick ? 500 : 5_000;
        yield return "| case | Vigil | min–max | `FileSystemWatcher` | min–max | nobody |";
        yield return "| --- | --: | --: | --: | --: | --: |";
        if (options.Includes("events a second"))
        {
            yield return Row(
                $"events a second, {files:N0} files created and deleted while they are watched",
                rounds,
                () => Flood.Vigil(files),
                () => Flood.Framework(files),
                () => Flood.Nobody(files),
                "N0");
            yield return Row(
                "events a second, taken from a full queue",
                rounds,
                () => Flood.Drain(options.IsQuick ? 1_000 : 7_500),
                other: null,
                nobody: null,
                "N0");
        }

        if (options.Includes("watching"))
        {
            int directories = options.IsQuick ? 100 : 1_000;
            yield return Row(
                $"watching a tree of {directories:N0} directories with {directories * 10:N0} files, ms",
                rounds,
                () => Tree.Vigil(directories),
                () => Tree.Framework(directories),
                nobody: null,
                "N1");
            yield return Row(
                "managed memory an entry of it, B",
                1,
                () => Tree.VigilMemory(directories),
                () => Tree.FrameworkMemory(directories),
                nobody: null,
                "N0");
        }
    }

    private static string Row(string name, int rounds, Func<double> vigil, Func<double>? other, Func<double>? nobody, string format)
    {
        Console.Error.WriteLine($"{name} …");
        List<double> ours = [];
        List<double> theirs = [];
        List<double> bare = [];

        // The first round warms up.
        for (int i = 0; i <= rounds; i++)
        {
            ours.Add(vigil());
            theirs.Add(other?.Invoke() ?? double.NaN);
            bare.Add(nobody?.Invoke() ?? double.NaN);
        }

        var all = new[] { ours, theirs, bare }.Select(figures => new Series(figures.Skip(1))).ToArray();
        return $"| {name} | {Figure(all[0].Median)} | {Range(all[0])} | {Figure(all[1].Median)} | {Range(all[1])} | "
            + $"{Figure(all[2].Median)} |";

        string Figure(double value) => double.IsNaN(value) ? "–" : value.ToString(format);
        string Range(Series series) => double.IsNaN(series.Median) ? "–" : $"{Figure(series.Min)}–{Figure(series.Max)}";
    }
}
