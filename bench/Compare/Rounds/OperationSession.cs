using System.Diagnostics;
using Compare.Cases;
using Compare.Peers;

namespace Compare.Rounds;

/// <summary>Turns of an operation, of a length that suits the peer.</summary>
internal sealed class OperationSession : Session
{
    private readonly Operations _operations;
    private readonly long _count;

    private OperationSession(Operations operations, long count)
    {
        _operations = operations;
        _count = count;
    }

    public static OperationSession Open(Operations operations, Amount amount, Pace pace)
    {
        try
        {
            if (operations.NeedsWarmUp)
            {
                WarmUp(operations, amount, pace);
            }

            return new OperationSession(operations, amount.IsCalibrated ? Calibrate(operations, amount, pace) : amount.Count);
        }
        catch
        {
            operations.Dispose();
            throw;
        }
    }

    public override double[] Measure() => _operations.Perform(_count);

    public override void Dispose() => _operations.Dispose();

    // At least once, even if nothing need be warm.
    private static void WarmUp(Operations operations, Amount amount, Pace pace)
    {
        long start = Stopwatch.GetTimestamp();
        long count = amount.IsCalibrated ? amount.Count : Math.Max(1, amount.Count / 10);
        do
        {
            long turn = Stopwatch.GetTimestamp();
            operations.Perform(count);

            // Communication is not work: turns become longer until they are mostly work.
            count = amount.IsCalibrated && Stopwatch.GetElapsedTime(turn) < pace.Turn / 4 ? count * 2 : count;
        }
        while (Stopwatch.GetElapsedTime(start) < pace.WarmUp);
    }

    // A short turn shows how long an operation takes; if it was too short for that, a longer one follows.
    private static long Calibrate(Operations operations, Amount amount, Pace pace)
    {
        long count = amount.Count;
        for (; ; )
        {
            double nanoseconds = operations.Perform(count)[0];
            long wanted = Amount.For(pace.Turn, nanoseconds);
            if (nanoseconds * count >= pace.Turn.TotalNanoseconds / 10 || wanted <= count)
            {
                return wanted;
            }

            count = Math.Min(wanted, count * 20);
        }
    }
}
