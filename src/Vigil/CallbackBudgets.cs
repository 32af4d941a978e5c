using System.Runtime.CompilerServices;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// How long callbacks may take, where single owners have budgets of their own. The loop's thread sets them and the watchdog's reads them. Events have no room for theirs, most have
/// none, and they go without notice; so a table on the side keeps them as long as the events are there.
/// </summary>
internal sealed class CallbackBudgets
{
    private readonly WatchdogOptions? _options;
    private readonly long _default;
    private ConditionalWeakTable<CallbackEvent, StrongBox<TimeSpan>>? _ofEvents;
    private long _smallest;

    public CallbackBudgets(WatchdogOptions? options)
    {
        _options = options;
        _smallest = _default = options is null ? TimingWheel.Never : WatchdogOptions.NanosecondsOf(options.CallbackBudget);
    }

    /// <summary>No callback that took no longer than this has exceeded its budget, in nanoseconds.</summary>
    public long Smallest => Volatile.Read(ref _smallest);

    public TimeSpan? OwnOf(CallbackEvent callbackEvent) => _ofEvents is { } table && table.TryGetValue(callbackEvent, out StrongBox<TimeSpan>? own) ? own.Value : null;

    /// <exception cref="ArgumentOutOfRangeException">The budget is not positive, or too short for sampling.</exception>
    public void Set(CallbackEvent callbackEvent, TimeSpan? budget)
    {
        Require(budget);
        ConditionalWeakTable<CallbackEvent, StrongBox<TimeSpan>> table = _ofEvents ?? new ConditionalWeakTable<CallbackEvent, StrongBox<TimeSpan>>();
        if (budget is { } own)
        {
            table.AddOrUpdate(callbackEvent, new StrongBox<TimeSpan>(own));
        }
        else
        {
            table.Remove(callbackEvent);
        }

        Volatile.Write(ref _ofEvents, table);
    }

    /// <exception cref="ArgumentOutOfRangeException">As of <see cref="Set(CallbackEvent, TimeSpan?)"/>.</exception>
    public void Set(Subscriber subscriber, TimeSpan? budget)
    {
        Require(budget);
        subscriber.Budget = budget is { } own ? WatchdogOptions.NanosecondsOf(own) : 0;
    }

    /// <summary>How long a subject's callback may take, in nanoseconds. The loop's thread and the watchdog's.</summary>
    public long Of(object subject)
    {
        object owner = (subject as Source)?.Owner ?? subject;
        return owner switch
        {
            Subscriber { Budget: > 0 } subscriber => subscriber.Budget,
            CallbackEvent callbackEvent when OwnOf(callbackEvent) is { } own => WatchdogOptions.NanosecondsOf(own),
            _ => _default,
        };
    }

    private void Require(TimeSpan? budget)
    {
        if (budget is not { } own)
        {
            return;
        }

        if (_options is null)
        {
            WatchdogOptions.RequirePositive(own, nameof(budget));
        }
        else
        {
            _options.RequireBudget(own, nameof(budget));
        }

        Volatile.Write(ref _smallest, Math.Min(_smallest, WatchdogOptions.NanosecondsOf(own)));
    }
}
