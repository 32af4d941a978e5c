namespace Vigil.Internals.Tests.Support;

/// <summary>
/// Lets two threads, a producer and a consumer, go through the same number of rounds, and adds up the allocations of each. In the first
/// rounds, which do not count, the consumer waits for the producer, so that the number of items in flight reaches its maximum.
/// </summary>
internal sealed class MeasuredRounds : IDisposable
{
    public const int Count = 60;
    private const int WarmUps = 5;

    private readonly Barrier _begin = new(2);
    private readonly Barrier _allIsPut = new(2);
    private readonly Barrier _end = new(2);

    /// <summary>Produces, round by round. Returns the bytes that it allocated.</summary>
    public long Put(Action action) => Measure(action, static (_, _) => { }, static (rounds, isWarmUp) => rounds.MeetIf(isWarmUp));

    /// <summary>Consumes, round by round. Returns the bytes that it allocated.</summary>
    public long Take(Action action) => Measure(action, static (rounds, isWarmUp) => rounds.MeetIf(isWarmUp), static (_, _) => { });

    public void Dispose()
    {
        _begin.Dispose();
        _allIsPut.Dispose();
        _end.Dispose();
    }

    private long Measure(Action action, Action<MeasuredRounds, bool> before, Action<MeasuredRounds, bool> after)
    {
        long allocated = 0;
        for (int round = 0; round < Count; round++)
        {
            bool isWarmUp = round < WarmUps;
            Meet(_begin);
            before(this, isWarmUp);
            long bytes = Allocations.Of(action);
            after(this, isWarmUp);
            allocated += isWarmUp ? 0 : bytes;
            Meet(_end);
        }

        return allocated;
    }

    private void MeetIf(bool condition)
    {
        if (condition)
        {
            Meet(_allIsPut);
        }
    }

    private static void Meet(Barrier barrier) => Assert.True(barrier.SignalAndWait(Patience.Limit), "The other thread did not come.");
}
