using System.Runtime.CompilerServices;

namespace MetricsGateway.Metrics;

/// <summary>
/// Which of the two halves that everything in the store has belongs to the interval that runs. The loop alone changes it, and that is
/// the whole end of an interval: the other half, which is empty then, is used from here on, and the one that was filled can be told by
/// a worker, and emptied, while the loop goes on receiving.
/// </summary>
/// <remarks>
/// A half has one owner at any time. The current one is the loop's; the other is the worker's, from the moment when it is sent work until
/// the loop has its result. An interval does not end before that.
/// </remarks>
internal sealed class StoreHalf
{
    /// <summary>0 or 1.</summary>
    public int Current { get; private set; }

    public int Other => 1 - Current;

    /// <summary>How many intervals have ended before the one that runs.</summary>
    public long Interval { get; private set; }

    /// <summary>Ends the interval that runs, and begins the next one.</summary>
    public void Swap()
    {
        Current = Other;
        Interval++;
    }

    /// <summary>Takes a <see cref="Swap"/> back that has just been made.</summary>
    public void SwapBack()
    {
        Current = Other;
        Interval--;
    }
}

/// <summary>The same thing for each of the halves.</summary>
[InlineArray(2)]
internal struct Halves<T>
{
    private T _first;
}
