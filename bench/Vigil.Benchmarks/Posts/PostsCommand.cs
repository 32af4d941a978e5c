using Vigil.Benchmarks.Reporting;

namespace Vigil.Benchmarks.Posts;

/// <summary>Measures signals and user events, which reach the loop without a file descriptor of their own.</summary>
internal static class PostsCommand
{
    private const int Burst = 500;

    public static int Run(string[] arguments)
    {
        // Restarts the program here, once, with the signal blocked.
        SignalBlocking.Restart(SignalRounds.Blocked);
        return ReportCommand.Run("posts", arguments, Measure);
    }

    private static IEnumerable<string> Measure(ReportOptions options, NativeDriver? native)
    {
        List<string> lines =
        [
            "| case | raw C | Vigil | min–max | the runtime alone |",
            "| --- | --: | --: | --: | --: |",
        ];
        int scale = options.IsQuick ? 100 : 1;
        int rounds = options.IsQuick ? 2 : 5;
        Add(
            $"real-time signal by signalfd, bursts of {Burst}, each",
            () => SignalRounds.MeasureSignalFd(200_000 / scale, Burst),
            Native($"signals {Burst} {200_000 / scale}"),
            runtime: null);
        Add(
            "real-time signal by signalfd, one by one, each",
            () => SignalRounds.MeasureSignalFd(200_000 / scale, 1),
            Native($"signals 1 {200_000 / scale}"),
            runtime: null);
        Add(
            "signal on the runtime's path, one by one, each",
            () => SignalRounds.MeasureRuntime(5_000 / scale),
            native: null,
            () => SignalRounds.MeasureRegistration(5_000 / scale));
        Add("user event, trigger, pending already", () => UserEventRounds.MeasurePending(20_000_000 / scale), native: null, runtime: null);
        Add(
            "user event, trigger and callback, 200 in an iteration",
            () => UserEventRounds.MeasureDelivered(2_000_000 / scale),
            native: null,
            runtime: null);
        Add("user event, trigger by 4 threads", () => UserEventRounds.MeasureThreads(4, 2_000_000 / scale), native: null, runtime: null);
        return lines;

        Func<double>? Native(string command) => native is null ? null : () => native.Measure(command);

        void Add(string name, Func<double> vigil, Func<double>? native, Func<double>? runtime)
        {
            if (!options.Includes(name))
            {
                return;
            }

            Console.Error.WriteLine($"{name} …");
            vigil();
            double[] own = new double[rounds];
            double[] raw = new double[rounds];
            double[] other = new double[rounds];
            for (int i = 0; i < rounds; i++)
            {
                raw[i] = native?.Invoke() ?? double.NaN;
                own[i] = vigil();
                other[i] = runtime?.Invoke() ?? double.NaN;
            }

            var series = new Series(own);
            lines.Add(
                $"| {name} | {Cell(new Series(raw).Median)} | {Cell(series.Median)} | {Number(series.Min)}–{Number(series.Max)} | "
                    + $"{Cell(new Series(other).Median)} |");
        }
    }

    private static string Cell(double nanoseconds) => double.IsNaN(nanoseconds) ? "–" : $"{Number(nanoseconds)} ns";

    private static string Number(double value) => value.ToString(value < 100 ? "0.0" : "0");
}
