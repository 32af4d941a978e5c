using Vigil.Benchmarks.Reporting;

namespace Vigil.Benchmarks.Workers;

/// <summary>Measures the worker pool beside the runtime's thread pool, and callbacks on workers beside callbacks on the loop.</summary>
internal static class WorkersCommand
{
    private static readonly TimeSpan Tiny = TimeSpan.Zero;
    private static readonly TimeSpan Long = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private static readonly (string Name, Func<Crew> Create)[] Crews = [("Vigil", Crew.Vigil), ("ThreadPool", Crew.ThreadPool), ("Task.Run",
        Crew.Tasks)];

    public static int Run(string[] arguments) => ReportCommand.Run("workers", arguments, (options, _) => Measure(options));

    private static List<string> Measure(ReportOptions options)
    {
        List<string> lines =
        [
            "| case | Vigil | `ThreadPool` | `Task.Run` | min–max of Vigil |",
            "| --- | --: | --: | --: | --: |",
        ];
        int scale = options.IsQuick ? 100 : 1;
        int rounds = options.IsQuick ? 2 : 5;
        Add("an item that only counts, 1 sender, each", crew => [Throughput.Measure(crew, 1, 1_000_000 / scale, Tiny)]);
        Add("an item that only counts, 4 senders, each", crew => [Throughput.Measure(crew, 4, 250_000 / scale, Tiny)]);
        Add("an item of 100 µs, 1 sender, each", crew => [Throughput.Measure(crew, 1, 10_000 / scale, Long)]);
        Add(
            "from sending to beginning, everybody asleep, median; 99th percentile",
            crew => Pair(Latency.MeasureIdle(crew, 500 / (options.IsQuick ? 10 : 1), Pause)));

        // Not through tasks: a task started by a task goes to its thread's own queue, which is served first, so an endless flood starves
        // everything else.
        Add(
            "the same with high priority under a flood of low items of 100 µs",
            crew => Pair(Latency.MeasureFlooded(crew, 500 / (options.IsQuick ? 10 : 1), Pause, Long)),
            Crews.Length - 1);
        AddCallbacks("a callback of a descriptor that stays ready, 1, on a worker; on the loop", 1, 50_000 / scale);
        AddCallbacks("a callback of a descriptor that stays ready, 200, on workers; on the loop", 200, 400_000 / scale);
        return lines;

        static double[] Pair((double Median, double P99) latency) => [latency.Median, latency.P99];

        void Add(string name, Func<Func<Crew>, double[]> measure, int crews = 3)
        {
            if (options.Includes(name))
            {
                // Each side has its turn in a round, and a different one begins each time.
                Console.Error.WriteLine($"{name} …");
                List<double[]>[] results = [[], [], []];
                for (int round = 0; round <= rounds; round++)
                {
                    for (int i = 0; i < crews; i++)
                    {
                        int crew = (i + round) % crews;
                        double[] result = measure(Crews[crew].Create);
                        if (round > 0)
                        {
                            results[crew].Add(result);
                        }
                    }
                }

                lines.Add($"| {name} | {Cell(results[0])} | {Cell(results[1])} | {Cell(results[2])} | {Spread(results[0])} |");
            }
        }

        void AddCallbacks(string name, int sources, int count)
        {
            if (options.Includes(name))
            {
                Console.Error.WriteLine($"{name} …");
                List<double[]> results = [];
                for (int round = 0; round <= rounds; round++)
                {
                    double[] result = [CallbackRounds.Measure(
                        CallbackTarget.Worker(),
                        sources,
                        count), CallbackRounds.Measure(CallbackTarget.Loop, sources, count)];
                    if (round > 0)
                    {
                        results.Add(result);
                    }
                }

                lines.Add($"| {name} | {Cell(results)} | – | – | {Spread(results)} |");
            }
        }
    }

    private static string Cell(List<double[]> results) => results.Count == 0 ? "–"
        : string.Join(
            "; ",
            Enumerable.Range(0, results[0].Length).Select(i => Text(new Series(results.Select(result => result[i])).Median)));

    private static string Spread(List<double[]> results) =>
        string.Join(
            "; ",
            Enumerable.Range(0, results[0].Length).Select(
                i => new Series(results.Select(result => result[i]))).Select(series => $"{Text(series.Min)}–{Text(series.Max)}"));

    private static string Text(double nanoseconds) => nanoseconds < 10_000 ? $"{nanoseconds:0} ns" : $"{nanoseconds / 1000:0.0} µs";
}
