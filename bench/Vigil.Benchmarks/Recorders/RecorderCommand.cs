using Vigil.Benchmarks.Reporting;
using Vigil.Benchmarks.Workloads;
using Vigil.Interop;

namespace Vigil.Benchmarks.Recorders;

/// <summary>
/// Measures the cost of a recorder: the same work without one, recorded to a ring, and recorded to a file, in many short turns, since a few
/// nanoseconds count. Measured is the processor time of the loop's thread: what other programs take, and what the thread takes that writes
/// the file, is not the loop's.
/// </summary>
internal static class RecorderCommand
{
    private const int Rounds = 150;
    private const int QuickRounds = 2;
    private const int WarmUps = 60;

    // Linux; the same on every architecture.
    private const int CLOCK_THREAD_CPUTIME_ID = 3;

    public static int Run(string[] arguments) => ReportCommand.Run("recorder", arguments, (options, _) => Measure(options));

    private static List<string> Measure(ReportOptions options)
    {
        List<string> lines =
        [
            "| case | off | ring − off | middle half | file − off | middle half | bytes | lost | budget | kept |",
            "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --- |",
        ];
        foreach (RecorderCase @case in RecorderCase.All.Where(@case => options.Includes(@case.Name)))
        {
            Console.Error.WriteLine($"{@case.Name} …");
            lines.Add(Measure(@case, options.IsQuick));
        }

        return lines;
    }

    private static string Measure(RecorderCase @case, bool isQuick)
    {
        string path = Path.Combine(Path.GetTempPath(), $"vigil-bench-{Guid.NewGuid():N}.vigil");
        var settings = new RecorderOptions { IncludeTraffic = @case.IncludeTraffic };
        try
        {
            Recorder file = Recorder.ToFile(path, settings);
            Recorder?[] recorders = [null, Recorder.ToRing(settings), file];
            IWorkload[] workloads = [.. recorders.Select(@case.Create)];
            double[][] rounds = Measure(workloads, @case.Operations, isQuick, out long operations);
            Array.ForEach(workloads, workload => workload.Dispose());
            Array.ForEach(recorders, recorder => recorder?.Dispose());
            return Line(@case, rounds, (double)(new FileInfo(path).Length + file.LostBytes) / operations, file.LostBytes);
        }
        finally
        {
            File.Delete(path);
        }
    }

    // The variant that begins advances from round to round.
    private static double[][] Measure(IWorkload[] workloads, int operations, bool isQuick, out long total)
    {
        int warmUps = isQuick ? 1 : WarmUps;
        for (int i = 0; i < warmUps; i++)
        {
            Array.ForEach(workloads, workload => workload.Perform(operations));
        }

        double[][] rounds = new double[isQuick ? QuickRounds : Rounds][];
        for (int round = 0; round < rounds.Length; round++)
        {
            rounds[round] = new double[workloads.Length];
            for (int i = 0; i < workloads.Length; i++)
            {
                int variant = (round + i) % workloads.Length;
                long start = ClockNative.Read(CLOCK_THREAD_CPUTIME_ID);
                workloads[variant].Perform(operations);
                rounds[round][variant] = (double)(ClockNative.Read(CLOCK_THREAD_CPUTIME_ID) - start) / operations;
            }
        }

        total = (long)(warmUps + rounds.Length) * operations;
        return rounds;
    }

    private static string Line(RecorderCase @case, double[][] rounds, double bytes, long lost)
    {
        Series ring = new(rounds.Select(round => round[1] - round[0]));
        Series file = new(rounds.Select(round => round[2] - round[0]));
        bool isKept = ring.Median <= @case.Nanoseconds && file.Median <= @case.Nanoseconds && !(bytes > @case.Bytes + 0.05);
        string budget = $"≤ {@case.Nanoseconds:0} ns" + (@case.Bytes is { } limit ? $", {limit:0} B" : "");
        return $"| {@case.Name} | {new Series(rounds.Select(round => round[0])).Median:0.0} ns | {Difference(ring)} | {Difference(file)} "
            + $"| {bytes:0.0} | {lost} | {budget} | {(isKept ? "yes" : "no")} |";
    }

    private static string Difference(Series series) =>
        $"{series.Median:0.0} ns | {series.Quantile(0.25):0.0}–{series.Quantile(0.75):0.0}";
}
