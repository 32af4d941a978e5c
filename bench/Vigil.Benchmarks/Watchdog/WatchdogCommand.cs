using System.Diagnostics;
using Vigil.Benchmarks.Reporting;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Watchdog;

/// <summary>Measures what it costs a loop to be watched: the same work without a watchdog, with one, and with exact timing, in turn.</summary>
internal static class WatchdogCommand
{
    // None is ever exceeded, so no report is part of the figures.
    private static readonly WatchdogOptions?[] Variants =
    [
        null,
        new WatchdogOptions { CallbackBudget = TimeSpan.FromHours(1), PhaseBudget = TimeSpan.FromHours(1) },
        new WatchdogOptions { CallbackBudget = TimeSpan.FromHours(1), PhaseBudget = TimeSpan.FromHours(1), ExactTiming = true },
    ];

    public static int Run(string[] arguments) => ReportCommand.Run("watchdog", arguments, Measure);

    private static IEnumerable<string> Measure(ReportOptions options, NativeDriver? native)
    {
        List<string> lines =
        [
            "| case | raw C | off | on | exact | on − off | min–max | exact − off | min–max |",
            "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
        ];
        int operations = options.IsQuick ? 20_000 : 4_000_000;
        AddDispatch(1, operations / 4);
        AddDispatch(200, operations);
        Add("post, 200 in an iteration", operations, command: null, watchdog => new PostedInTurn(watchdog));
        Add("timer, 200 in an iteration", operations, command: null, watchdog => new FiringInTurn(watchdog));
        return lines;

        void AddDispatch(int ready, int count) => Add(
            $"dispatch, {ready} ready",
            count,
            $"dispatch {ready} {ready} {count / ready}",
            watchdog => new DispatchWorkload(new Readiness(ready, ready), LoopMode.Run, watchdog));

        void Add(string name, int count, string? command, Func<WatchdogOptions?, IWorkload> create)
        {
            if (!options.Includes(name))
            {
                return;
            }

            Console.Error.WriteLine($"{name} …");
            lines.Add(Line(name, Rounds(count, options.IsQuick ? 2 : 9, command is null || native is null ? null : () => native.Measure(command), create)));
        }
    }

    // Raw C, then each variant; which of them begins moves on from round to round.
    private static double[][] Rounds(int operations, int rounds, Func<double>? native, Func<WatchdogOptions?, IWorkload> create)
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
        Series on = Of(round => round[2] - round[1]);
        Series exact = Of(round => round[3] - round[1]);
        return $"| {name} | {raw} | {Number(Of(round => round[1]).Median)} | {Number(Of(round => round[2]).Median)} | {Number(Of(round => round[3]).Median)} "
            + $"| {Number(on.Median)} | {on.Min:0.0}–{on.Max:0.0} | {Number(exact.Median)} | {exact.Min:0.0}–{exact.Max:0.0} |";

        Series Of(Func<double[], double> value) => new(rounds.Select(value));
    }

    private static string Number(double nanoseconds) => $"{nanoseconds:0.0} ns";
}
