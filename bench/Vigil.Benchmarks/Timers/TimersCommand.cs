using System.Diagnostics;
using Vigil.Benchmarks.Reporting;

namespace Vigil.Benchmarks.Timers;

/// <summary>Measures timers beside the framework's and, for the lateness of ticks, beside a loop of raw epoll in C, in alternating rounds,
/// and prints a table.</summary>
internal static class TimersCommand
{
    private const int FiringCount = 100_000;
    private const double RestartBudget = 20;
    private const double FiringBudget = 45;
    private const double MemoryBudget = 96;

    // The allowed difference to raw C's 99th percentile of lateness, in microseconds.
    private const double LatenessBudget = 20;

    public static int Run(string[] arguments) => ReportCommand.Run("timers", arguments, Measure);

    private static IEnumerable<string> Measure(ReportOptions options, NativeDriver? native)
    {
        var table = new TimersTable();
        int rounds = options.IsQuick ? 2 : 5;
        int[] outstanding = options.IsQuick ? [0, 10_000] : [0, 100_000, 1_000_000];
        AddRestarting(table, options, outstanding);
        foreach (int count in outstanding)
        {
            AddRestartingByClock(table, options, count);
        }

        AddFiring(table, options, rounds, "one due time", TimeSpan.Zero);
        AddFiring(table, options, rounds, "due at random within 1 s", TimeSpan.FromSeconds(1));
        AddPeriodic(table, options, native, rounds);
        AddMemory(table, options);
        return table.Lines;
    }

    // All rows in each round. A round is a tenth of a second, so a neighbour on the host that disturbs for some seconds disturbs a few
    // rounds of each row, not all rounds of one row.
    private static void AddRestarting(TimersTable table, ReportOptions options, int[] outstanding)
    {
        var rows = new List<(string Name, Restarting Workload, double? Budget)>();
        foreach (int count in outstanding)
        {
            string name = RestartingName(count);
            string wheel = $"{name}, the wheel alone";
            if (Begin(options, name))
            {
                rows.Add((name, new VigilRestarting(count, readsClock: false), RestartBudget));
            }

            if (Begin(options, wheel))
            {
                rows.Add((wheel, new WheelRestarting(count), null));
            }
        }

        int operations = RestartingOperations(options, 5_000_000);
        rows.ForEach(row => WarmUp(options, row.Workload, operations));
        List<double[]> results = [.. Enumerable.Range(0, RestartingRounds(options)).Select(
            _ => rows.Select(row => row.Workload.Measure(operations)).ToArray())];
        for (int i = 0; i < rows.Count; i++)
        {
            table.Add(rows[i].Name, "ns", native: null, new Series(results.Select(round => round[i])), timer: null, budget: rows[i].Budget);
            rows[i].Workload.Dispose();
        }
    }

    private static void AddRestartingByClock(TimersTable table, ReportOptions options, int outstanding)
    {
        string name = $"{RestartingName(outstanding)}, clock read";
        if (!Begin(options, name))
        {
            return;
        }

        int operations = RestartingOperations(options, 2_000_000);
        using var vigil = new VigilRestarting(outstanding, readsClock: true);
        using var framework = new FrameworkRestarting(outstanding);
        WarmUp(options, vigil, operations);
        WarmUp(options, framework, operations);
        double[][] results = Alternate(RestartingRounds(options), () => vigil.Measure(operations), () => framework.Measure(operations));
        table.Add(name, "ns", native: null, new Series(results[0]), new Series(results[1]));
    }

    private static string RestartingName(int outstanding) => $"start and stop, {outstanding:N0} outstanding";

    private static int RestartingRounds(ReportOptions options) => options.IsQuick ? 2 : 15;

    private static int RestartingOperations(ReportOptions options, int operations) => options.IsQuick ? 20_000 : operations;

    // A second or more: the JIT recompiles repeatedly, each time a tenth of a second after it has compiled other methods.
    private static void WarmUp(ReportOptions options, Restarting workload, int operations)
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            workload.Measure(operations);
        }
        while (!options.IsQuick && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1));
    }

    private static void AddFiring(TimersTable table, ReportOptions options, int rounds, string how, TimeSpan spread)
    {
        string name = $"{FiringCount:N0} firing, {how}, each";
        if (!Begin(options, name))
        {
            return;
        }

        int count = options.IsQuick ? FiringCount / 10 : FiringCount;
        Firing.MeasureVigil(count, TimeSpan.Zero);
        Firing.MeasureFramework(count, TimeSpan.Zero);
        double[][] results = Alternate(rounds, () => Firing.MeasureVigil(count, spread), () => Firing.MeasureFramework(count, spread));
        table.Add(name, "ns", native: null, new Series(results[0]), new Series(results[1]), budget: FiringBudget);
    }

    private static void AddPeriodic(TimersTable table, ReportOptions options, NativeDriver? native, int rounds)
    {
        const string Name = "1 ms periodic";
        if (!Begin(options, Name))
        {
            return;
        }

        int ticks = options.IsQuick ? 100 : 2_000;
        Periodic.MeasureVigil(ticks / 2);
        var results = new List<Lateness[]>();
        for (int i = 0; i < rounds; i++)
        {
            results.Add(
            [
                MeasureNative(native, ticks),
                Periodic.MeasureVigil(ticks),
                Periodic.MeasureTimer(ticks / 4),
                Periodic.MeasurePeriodicTimer(ticks / 4),
            ]);
        }

        Add($"{Name}, mean period", "ms", 1e6, lateness => lateness.MeanPeriod);
        Add($"{Name}, lateness p50", "µs", 1e3, lateness => lateness.Median);
        Add(
            $"{Name}, lateness p99",
            "µs",
            1e3,
            lateness => lateness.P99,
            SeriesOf(0, 1e3, lateness => lateness.P99).Median + LatenessBudget);
        Add($"{Name}, lateness max", "µs", 1e3, lateness => lateness.Max);

        Series SeriesOf(int side, double unit, Func<Lateness, double> figure) => new(results.Select(round => figure(round[side]) / unit));

        void Add(string name, string unit, double divisor, Func<Lateness, double> figure, double? budget = null) => table.Add(
            name,
            unit,
            SeriesOf(0, divisor, figure),
            SeriesOf(1, divisor, figure),
            SeriesOf(2, divisor, figure),
            SeriesOf(3, divisor, figure),
            budget is double.NaN ? null : budget);
    }

    private static void AddMemory(TimersTable table, ReportOptions options)
    {
        const string Name = "managed memory a timer";
        if (Begin(options, Name))
        {
            table.Add(
                Name,
                "B",
                native: null,
                new Series([TimerMemory.MeasureVigil()]),
                new Series([TimerMemory.MeasureFramework()]),
                budget: MemoryBudget);
        }
    }

    private static Lateness MeasureNative(NativeDriver? native, int ticks)
    {
        if (native is null)
        {
            return new Lateness(double.NaN, double.NaN, double.NaN, double.NaN);
        }

        double[] figures = native.MeasureAll($"periodic 1000 {ticks}");
        return new Lateness(figures[0], figures[1], figures[2], figures[3]);
    }

    private static bool Begin(ReportOptions options, string name)
    {
        if (options.Includes(name))
        {
            Console.Error.WriteLine($"{name} …");
            return true;
        }

        return false;
    }

    // The side that begins alternates.
    private static double[][] Alternate(int rounds, Func<double> one, Func<double> other)
    {
        double[][] results = [new double[rounds], new double[rounds]];
        for (int i = 0; i < rounds; i++)
        {
            if (i % 2 == 0)
            {
                results[0][i] = one();
            }

            results[1][i] = other();
            if (i % 2 == 1)
            {
                results[0][i] = one();
            }
        }

        return results;
    }
}
