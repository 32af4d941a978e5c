using System.Diagnostics;
using Vigil.Benchmarks.Reporting;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Ratio;

/// <summary>
/// Measures a case in rounds, in each of which both sides have their turn, because the machine's state changes by the minute and both
/// should meet the same. The side that begins alternates, too.
/// </summary>
internal sealed class RatioMeasurement
{
    private readonly NativeDriver? _native;
    private readonly RatioPace _pace;

    public RatioMeasurement(NativeDriver? native, RatioPace pace)
    {
        _native = native;
        _pace = pace;
    }

    public RatioResult Measure(RatioCase ratioCase)
    {
        using IWorkload workload = ratioCase.CreateWorkload();
        WarmUp(ratioCase, workload);

        string? command = _native is null ? null : ratioCase.NativeCommand?.Invoke(_pace.Operations(ratioCase));
        var rounds = new Round[_pace.Rounds(ratioCase)];
        for (int i = 0; i < rounds.Length; i++)
        {
            rounds[i] = MeasureRound(ratioCase, workload, command, isNativeFirst: i % 2 == 0);
        }

        bool hasNative = command is not null;
        return new RatioResult(
            ratioCase,
            hasNative ? new Series(rounds.Select(round => round.Native)) : null,
            new Series(rounds.Select(round => round.Vigil)),
            hasNative ? new Series(rounds.Select(round => round.Vigil / round.Native)) : null,
            new Series(rounds.Select(round => round.AllocatedBytes)));
    }

    private void WarmUp(RatioCase ratioCase, IWorkload workload)
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            workload.Perform(_pace.WarmUpOperations(ratioCase));
        }
        while (Stopwatch.GetElapsedTime(start) < _pace.WarmUp);
    }

    private Round MeasureRound(RatioCase ratioCase, IWorkload workload, string? command, bool isNativeFirst)
    {
        double before = isNativeFirst ? MeasureNative(command) : 0;
        (double nanoseconds, double bytes) = MeasureVigil(workload, _pace.Operations(ratioCase));
        return new Round(isNativeFirst ? before : MeasureNative(command), nanoseconds, bytes);
    }

    private double MeasureNative(string? command) => command is null ? double.NaN : _native!.Measure(command);

    private static (double Nanoseconds, double Bytes) MeasureVigil(IWorkload workload, int operations)
    {
        // The precise count of bytes stops all threads, so it is outside of the measured time.
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        long start = Stopwatch.GetTimestamp();
        workload.Perform(operations);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        return (elapsed.TotalNanoseconds / operations, (double)bytes / operations);
    }

    private readonly record struct Round(double Native, double Vigil, double AllocatedBytes);
}
