using System.Runtime.CompilerServices;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// The time budgets of callbacks, with those of single owners. The loop's thread sets them; the watchdog's thread reads them.
/// Few owners have a budget of their own, so a weak table keeps these instead of a field in each owner.
/// </summary>
internal sealed class CallbackBudgets
{
    private readonly Action<TimeSpan, string> _require;
    private long _default;
    private ConditionalWeakTable<ICallbackOwner, StrongBox<TimeSpan>>? _own;
    private long _smallest;

    /// <param name="usual">The budget of owners without their own, in nanoseconds; <see cref="TimingWheel.Never"/> means unlimited.</param>
    /// <param name="require">Validates a budget, given the name of its parameter.</param>
    public CallbackBudgets(long usual, Action<TimeSpan, string> require)
    {
        _smallest = _default = usual;
        _require = require;
    }

    /// <summary>The smallest budget, in nanoseconds: a callback that took no longer has exceeded none.</summary>
    public long Smallest => Volatile.Read(ref _smallest);

    /// <summary>Sets the budget of owners without their own, in nanoseconds. On the loop.</summary>
    /// <remarks>The smallest one is only a bound below which nobody's budget lies, so it never grows.</remarks>
    public void SetDefault(long usual)
    {
        Volatile.Write(ref _smallest, Math.Min(_smallest, usual));
        Volatile.Write(ref _default, usual);
    }

    /// <summary>A budget in nanoseconds.</summary>
    public static long NanosecondsOf(TimeSpan budget) => budget == Timeout.InfiniteTimeSpan ? TimingWheel.Never : Nanoseconds.Of(budget);

    public TimeSpan? OwnOf(ICallbackOwner owner) =>
        Volatile.Read(ref _own) is { } table && table.TryGetValue(owner, out StrongBox<TimeSpan>? own) ? own.Value : null;

    /// <exception cref="ArgumentOutOfRangeException">The budget is not positive, or too short for sampling.</exception>
    public void Set(ICallbackOwner owner, TimeSpan? budget)
    {
        ConditionalWeakTable<ICallbackOwner, StrongBox<TimeSpan>> table = _own ?? [];
        if (budget is { } own)
        {
            _require(own, nameof(budget));
            Volatile.Write(ref _smallest, Math.Min(_smallest, NanosecondsOf(own)));
            table.AddOrUpdate(owner, new StrongBox<TimeSpan>(own));
        }
        else
        {
            table.Remove(owner);
        }

        Volatile.Write(ref _own, table);
    }

    /// <summary>The budget of a subject's callback, in nanoseconds. For the loop's and the watchdog's thread.</summary>
    public long Of(object subject) =>
        ((subject as Source)?.Owner ?? subject as ICallbackOwner) is { } owner && OwnOf(owner) is { } own
            ? NanosecondsOf(own)
            : Volatile.Read(ref _default);
}
