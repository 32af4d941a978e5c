using System.Runtime.CompilerServices;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// How long callbacks may take, where single owners have budgets of their own. The loop's thread sets them and the watchdog's reads them. Owners have no room for theirs, most have
/// none, and they go without notice; so a table on the side keeps them as long as the owners are there.
/// </summary>
internal sealed class CallbackBudgets
{
    private readonly Action<TimeSpan, string> _require;
    private readonly long _default;
    private ConditionalWeakTable<ICallbackOwner, StrongBox<TimeSpan>>? _own;
    private long _smallest;

    /// <param name="usual">What owners have that have none of their own, in nanoseconds; <see cref="TimingWheel.Never"/> for any time.</param>
    /// <param name="require">Checks what a budget may be, given the name of the parameter that has it.</param>
    public CallbackBudgets(long usual, Action<TimeSpan, string> require)
    {
        _smallest = _default = usual;
        _require = require;
    }

    /// <summary>No callback that took no longer than this has exceeded its budget, in nanoseconds.</summary>
    public long Smallest => Volatile.Read(ref _smallest);

    /// <summary>A budget in nanoseconds.</summary>
    public static long NanosecondsOf(TimeSpan budget) => budget == Timeout.InfiniteTimeSpan ? TimingWheel.Never : Nanoseconds.Of(budget);

    public TimeSpan? OwnOf(ICallbackOwner owner) => Volatile.Read(ref _own) is { } table && table.TryGetValue(owner, out StrongBox<TimeSpan>? own) ? own.Value : null;

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

    /// <summary>How long a subject's callback may take, in nanoseconds. The loop's thread and the watchdog's.</summary>
    public long Of(object subject) => ((subject as Source)?.Owner ?? subject as ICallbackOwner) is { } owner && OwnOf(owner) is { } own ? NanosecondsOf(own) : _default;
}
