using System.Runtime.CompilerServices;

namespace MetricsGateway.Metrics;

/// <summary>
/// Everything in the store has two halves; this says which one belongs to the current interval. Only the loop changes it, and that alone
/// ends an interval: the other half, which is empty then, is used from here on, and a worker can report and empty the filled one while
/// the loop continues to receive.
/// </summary>
/// <remarks>
/// A half has one owner at any time. The current one belongs to the loop; the other one to the worker, from the moment when it gets the
/// work until the loop has its result. An interval does not end before that.
/// </remarks>
internal sealed class StoreHalf
{
    /// <summary>0 or 1.</summary>
    public int Current { get; private set; }

    public int Other => 1 - Current;

    /// <summary>The number of intervals that ended before the current one.</summary>
    public long Interval { get; private set; }

    /// <summary>Ends the current interval, and begins the next one.</summary>
    public void Swap()
    {
        Current = Other;
        Interval++;
    }

    /// <summary>Undoes the <see cref="Swap"/> that was just made.</summary>
    public void SwapBack()
    {
        Current = Other;
        Interval--;
    }
}

/// <summary>One value for each half.</summary>
[InlineArray(2)]
internal struct Halves<T>
{
    private T _first;
}
