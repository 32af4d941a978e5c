using Vigil.Benchmarks.Reporting;

namespace Vigil.Benchmarks.Timers;

/// <summary>Measures timers beside the framework's and, for the lateness of ticks, beside a loop of raw epoll in C, in alternating rounds, and prints a table.</summary>
internal static class TimersCommand
{
    private const int FiringCount = 100_000;
    private const double RestartBudget = 20;
    private const double FiringBudget = 45;
    private const double MemoryBudget = 96;

    // How much later than raw C's the 99th percentile of ticks may be, in microseconds.
    private const double LatenessBudget = 20;

    public static int Run(string[] arguments) => ReportCommand.Run("timers", arguments, Measure);

    private static IEnumerable<string> Measure(ReportOptions options, NativeDriver? native)
    {
        var table = new TimersTable();
        int rounds = options.IsQuick ? 2 : 5;
        int[] outstanding = options.IsQuick ? [0, 10_000] : [0, 100_000, 1_000_000];
        foreach (int count in outstanding)
        {
            AddRestarting(table, options, rounds, count, readsClock: false);
            AddRestarting(table, options, rounds, count, readsClock: true);
            AddWheel(table, options, rounds, count);
        }

        AddFiring(table, options, rounds, "one due time", TimeSpan.Zero);
        AddFiring(table, options, rounds, "due at random within 1 s", TimeSpan.FromSeconds(1));
        AddPeriodic(table, options, native, rounds);
        AddMemory(table, options);
        return table.Lines;
    }

    private static void AddRestarting(TimersTable table, ReportOptions options, int rounds, int outstanding, bool readsClock)
    {
        string name = $"start and stop, {outstanding:N0} outstanding{(readsClock ? ", clock read" : "")}";
        if (!Begin(options, name))
        {
            return;
        }

        int operations = options.IsQuick ? 20_000 : 2_000_000;
        using var vigil = new VigilRestarting(outstanding, readsClock);
        Func<double> measureVigil = () => vigil.Measure(operations);
        Func<double> measureFramework = static () => double.NaN;
        FrameworkRestarting? framework = readsClock ? new FrameworkRestarting(outstanding) : null;
        if (framework is not null)
        {
            measureFramework = () => framework.Measure(operations);
        }

        vigil.Measure(operations);
        framework?.Measure(operations);
        double[][] results = Alternate(rounds, measureVigil, measureFramework);
        framework?.Dispose();
        table.Add(name, "ns", native: null, new Series(results[0]), new Series(results[1]), budget: readsClock ? null : RestartBudget);
    }

    private static void AddWheel(TimersTable table, ReportOptions options, int rounds, int outstanding)
    {
        string name = $"start and stop, {outstanding:N0} outstanding, the wheel alone";
        if (!Begin(options, name))
        {
            return;
        }

        int operations = options.IsQuick ? 20_000 : 2_000_000;
        using var wheel = new WheelRestarting(outstanding);
        wheel.Measure(operations);
        table.Add(name, "ns", native: null, new Series(Enumerable.Range(0, rounds).Select(_ => wheel.Measure(operations))), timer: null);
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
        Add($"{Name}, lateness p99", "µs", 1e3, lateness => lateness.P99, SeriesOf(0, 1e3, lateness => lateness.P99).Median + LatenessBudget);
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
            table.Add(Name, "B", native: null, new Series([TimerMemory.MeasureVigil()]), new Series([TimerMemory.MeasureFramework()]), budget: MemoryBudget);
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

    // Which side begins changes with each round.
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
