using System.Diagnostics;
using Vigil.Benchmarks.Reporting;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Watchdog;

/// <summary>Measures the cost of the watchdog: the same work without a watchdog, with one, with exact timing, and with statistics instead,
/// in turn.</summary>
internal static class WatchdogCommand
{
    // No budget is ever exceeded, so no report is part of the figures.
    private static readonly EventManagerOptions[] Variants =
    [
        new(),
        new() { Watchdog = new WatchdogOptions { CallbackBudget = TimeSpan.FromHours(1), PhaseBudget = TimeSpan.FromHours(1) } },
        new() { Watchdog = new WatchdogOptions { CallbackBudget = TimeSpan.FromHours(1), PhaseBudget = TimeSpan.FromHours(1),
            ExactTiming = true } },
        new() { CollectStatistics = true },
    ];

    public static int Run(string[] arguments) => ReportCommand.Run("watchdog", arguments, Measure);

    private static IEnumerable<string> Measure(ReportOptions options, NativeDriver? native)
    {
        List<string> lines =
        [
            "| case | raw C | off | watchdog | exact | statistics "
            + "| watchdog − off | min–max | exact − off | min–max | statistics − off "
                + "| min–max |",
            "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
        ];
        int operations = options.IsQuick ? 20_000 : 4_000_000;
        AddDispatch(1, operations / 4);
        AddDispatch(200, operations);
        Add("post, 200 in an iteration", operations, command: null, settings => new PostedInTurn(settings));
        Add("timer, 200 in an iteration", operations, command: null, settings => new FiringInTurn(settings));
        return lines;

        void AddDispatch(int ready, int count) => Add(
            $"dispatch, {ready} ready",
            count,
            $"dispatch {ready} {ready} {count}",
            settings => new DispatchWorkload(new Readiness(ready, ready), LoopMode.Run, settings));

        void Add(string name, int count, string? command, Func<EventManagerOptions, IWorkload> create)
        {
            if (!options.Includes(name))
            {
                return;
            }

            Console.Error.WriteLine($"{name} …");
            lines.Add(
                Line(
                    name,
                    Rounds(
                        count,
                        options.IsQuick ? 2 : 9,
                        command is null || native is null ? null : () => native.Measure(command),
                        create)));
        }
    }

    // Raw C, then each variant; the first one advances from round to round.
    private static double[][] Rounds(int operations, int rounds, Func<double>? native, Func<EventManagerOptions, IWorkload> create)
    {
        IWorkload[] workloads = [.. Variants.Select(create)];
        try
        {
            for (int i = 0; i < 2; i++)
            {
                Array.ForEach(workloads, workload => Time(workload, operations / 2));
            }

            double[][] results = new double[rounds][];
            for (int round = 0; round < rounds; round++)
            {
                double[] result = results[round] = new double[1 + workloads.Length];
                result[0] = native?.Invoke() ?? double.NaN;
                for (int i = 0; i < workloads.Length; i++)
                {
                    int variant = (round + i) % workloads.Length;
                    result[1 + variant] = Time(workloads[variant], operations);
                }
            }

            return results;
        }
        finally
        {
            Array.ForEach(workloads, workload => workload.Dispose());
        }
    }

    private static double Time(IWorkload workload, int operations)
    {
        long start = Stopwatch.GetTimestamp();
        workload.Perform(operations);
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / operations;
    }

    private static string Line(string name, double[][] rounds)
    {
        string raw = double.IsNaN(rounds[0][0]) ? "–" : Number(Of(round => round[0]).Median);
        string[] times = [.. Enumerable.Range(1, Variants.Length).Select(variant => Number(Of(round => round[variant]).Median))];
        string[] differences = [.. Enumerable.Range(2, Variants.Length - 1).Select(
            variant => Of(round => round[variant] - round[1])).Select(
            series => $"{Number(series.Median)} | {series.Min:0.0}–{series.Max:0.0}")];
        return $"| {name} | {raw} | {string.Join(" | ", times)} | {string.Join(" | ", differences)} |";

        Series Of(Func<double[], double> value) => new(rounds.Select(value));
    }

    private static string Number(double nanoseconds) => $"{nanoseconds:0.0} ns";
}
