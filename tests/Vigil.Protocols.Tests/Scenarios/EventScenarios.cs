using Exploration;

namespace Vigil.Protocols.Scenarios;

/// <summary>
/// The word of a user event: what is triggered arrives, each value once, in at most as many callbacks as there were triggers, and the last
/// trigger is followed by a callback.
/// </summary>
internal sealed class UserEventTriggers : Scenario
{
    private readonly LoopCore _core = new();
    private readonly UserEvent _event;
    private readonly int _threads;
    private readonly int _triggers;
    private long _total;
    private int _callbacks;

    public UserEventTriggers(int threads, int triggers)
    {
        _threads = threads;
        _triggers = triggers;
        _event = UserEvent.Create(
            _core,
            new LoopWorkers(),
            UserEventMerge.Add,
            new EventCallback<UserEvent, long>((UserEventCallback)OnTriggered),
            new UserEventOptions());
    }

    public override IReadOnlyList<Action> Threads =>
        [.. Enumerable.Range(0, _threads).Select(thread => (Action)(() => Trigger(thread))), Receive];

    public override void Check()
    {
        if (_callbacks > _threads * _triggers)
        {
            throw new InvalidOperationException($"There were {_callbacks} callbacks.");
        }
    }

    // Powers of ten, so that the sum shows which are missing or there twice.
    private long Expected => Enumerable.Range(0, _threads).Sum(thread => _triggers * ValueOf(thread));

    private static long ValueOf(int thread) => (long)Math.Pow(10, thread);

    private void Trigger(int thread)
    {
        for (int i = 0; i < _triggers; i++)
        {
            Memory.Rest((UInt128)(uint)i);
            if (!_event.Trigger(ValueOf(thread)))
            {
                throw new InvalidOperationException("The event is over.");
            }
        }
    }

    private void Receive()
    {
        while (_total < Expected)
        {
            Memory.Rest((UInt128)(ulong)((100 * _total) + _callbacks));
            _core.Mailbox.DeliverOne();
        }

        if (_total > Expected)
        {
            throw new InvalidOperationException($"{_total} has arrived instead of {Expected}.");
        }
    }

    private void OnTriggered(UserEvent source, long value)
    {
        _total += value;
        _callbacks++;
    }
}

/// <summary>
/// The word of a callback on a worker: sent, perhaps withdrawn, sent again, while workers take items. Each send that was not withdrawn runs
/// once, with its own argument, never two at a time; each that ran is reported to the loop once; no more than one item is queued. Who asks
/// for the end gets it when nothing runs.
/// </summary>
internal sealed class LastingCallbackTurns : Scenario
{
    private readonly LoopCore _core = new();
    private readonly LoopWorkers _workers = new();
    private readonly UserEvent _event;
    private readonly LastingCallback<UserEvent, long> _lasting;
    private readonly List<long> _expected = [];
    private readonly List<long> _ran = [];
    private readonly int _sends;
    private readonly bool _asksForEnd;
    private int _running;
    private Task? _ended;

    public LastingCallbackTurns(int sends, bool asksForEnd)
    {
        _sends = sends;
        _asksForEnd = asksForEnd;
        _event = UserEvent.Create(
            _core,
            _workers,
            UserEventMerge.Add,
            new EventCallback<UserEvent, long>((UserEventCallback)((_, _) => { })),
            new UserEventOptions());
        _lasting = new LastingCallback<UserEvent, long>(
            _event,
            _workers,
            CallbackTarget.Worker(),
            (UserEventCallback)((_, _) => { }),
            (_, argument) => OnRun(argument),
            isAsynchronous: false);
    }

    public override IReadOnlyList<Action> Threads => _asksForEnd ? [Loop, Work, AskForEnd] : [Loop, Work];

    public override void Check()
    {
        if (!_expected.SequenceEqual(_ran) && !_asksForEnd)
        {
            throw new InvalidOperationException(
                $"Sent and not withdrawn were {string.Join(' ', _expected)}; {string.Join(' ', _ran)} ran.");
        }

        if (_ended is { IsCompleted: false })
        {
            throw new InvalidOperationException("Who has asked for the end has not got it.");
        }

        if (_lasting.IsBusy)
        {
            throw new InvalidOperationException("The loop takes it for busy.");
        }
    }

    private void Loop()
    {
        for (int i = 1; i <= _sends; i++)
        {
            _lasting.Send(_event, i);
            if (i < _sends && _lasting.Withdraw())
            {
                continue;
            }

            _expected.Add(i);
            _core.Mailbox.DeliverOne();
        }
    }

    // Takes items until the one with the last argument has run: all others were withdrawn or have run.
    private void Work()
    {
        while (_ran.Count == 0 || _ran[^1] != _sends)
        {
            WorkOutcome outcome = _workers.RunOne();
            if (_asksForEnd && outcome == WorkOutcome.Cancelled)
            {
                return;
            }
        }
    }

    private void AskForEnd()
    {
        _lasting.Revoke();
        _ended = _lasting.WhenEnded();
        if (_ended.IsCompleted && Volatile.Read(ref _running) != 0)
        {
            throw new InvalidOperationException("It has ended, and runs.");
        }
    }

    private Task OnRun(long argument)
    {
        if (Interlocked.Increment(ref _running) != 1)
        {
            throw new InvalidOperationException("It runs twice at once.");
        }

        _ran.Add(argument);
        Interlocked.Decrement(ref _running);
        return Task.CompletedTask;
    }
}
