namespace Vigil.Internals.Tests.Support;

/// <summary>
/// Lets two threads, a producer and a consumer, go through the same number of rounds, and counts the rounds in which each allocates. In the
/// first rounds, which do not count, the consumer waits for the producer, so that the number of items in flight reaches its maximum.
/// </summary>
internal sealed class MeasuredRounds : IDisposable
{
    public const int Count = 60;

    /// <summary>
    /// How many rounds may allocate: the runtime allocates some objects once, such as the event of a lock that is contended for the first
    /// time.
    /// </summary>
    public const int Allowed = 3;

    private const int WarmUps = 5;

    private readonly Barrier _begin = new(2);
    private readonly Barrier _allIsPut = new(2);
    private readonly Barrier _end = new(2);

    /// <summary>Produces, round by round. Returns the number of rounds that allocated.</summary>
    public int Put(Action action) => Measure(action, static (_, _) => { }, static (rounds, isWarmUp) => rounds.MeetIf(isWarmUp));

    /// <summary>Consumes, round by round. Returns the number of rounds that allocated.</summary>
    public int Take(Action action) => Measure(action, static (rounds, isWarmUp) => rounds.MeetIf(isWarmUp), static (_, _) => { });

    public void Dispose()
    {
        _begin.Dispose();
        _allIsPut.Dispose();
        _end.Dispose();
    }

    private int Measure(Action action, Action<MeasuredRounds, bool> before, Action<MeasuredRounds, bool> after)
    {
        int allocating = 0;
        for (int round = 0; round < Count; round++)
        {
            bool isWarmUp = round < WarmUps;
            Meet(_begin);
            before(this, isWarmUp);
            long bytes = Allocations.Of(action);
            after(this, isWarmUp);
            allocating += isWarmUp || bytes == 0 ? 0 : 1;
            Meet(_end);
        }

        return allocating;
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
