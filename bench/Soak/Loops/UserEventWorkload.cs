using Vigil;

namespace Soak.Loops;

/// <summary>User events that are triggered on the loop and by workers, with callbacks on both. Sums are exact.</summary>
internal sealed class UserEventWorkload : Workload
{
    private UserEvent? _sum;
    private UserEvent? _sumOnWorker;
    private UserEvent? _last;
    private long _triggered;
    private long _seen;
    private long _seenOnWorker;
    private long _all;
    private long _nextValue;
    private long _lastSeen;
    private int _working;

    public UserEventWorkload(Random random, Findings findings)
        : base(random, findings)
    {
    }

    public override string Name => "triggers of user events";

    public override long Count => _all;

    public override string? Outstanding
    {
        get
        {
            long onWorker = Interlocked.Read(ref _seenOnWorker);
            return _working == 0 && _seen == _triggered && onWorker == _triggered && _lastSeen == _nextValue
                ? null
                : $"triggered {_triggered}, seen {_seen}, on workers {onWorker}; the last {_lastSeen} of {_nextValue}";
        }
    }

    protected override TimeSpan Pace => TimeSpan.FromMilliseconds(5);

    public override void Finish()
    {
        _all += _triggered;
        _triggered = _seen = _seenOnWorker = 0;
        _sum!.Dispose();
        _sumOnWorker!.Dispose();
        _last!.Dispose();
    }

    protected override void OnStart(EventManager manager)
    {
        _sum = manager.CreateUserEvent(UserEventMerge.Add, (_, value) => _seen += value);
        _sumOnWorker = manager.CreateUserEvent(
            UserEventMerge.Add,
            (UserEvent _, long value) => { Interlocked.Add(ref _seenOnWorker, value); },
            new UserEventOptions { Target = CallbackTarget.Worker() });
        _last = manager.CreateUserEvent(UserEventMerge.Replace, (_, value) =>
        {
            Findings.Require(value > _lastSeen, "an older value replaced a newer one");
            _lastSeen = value;
        });
    }

    protected override void Step(EventManager manager)
    {
        int count = Random.Next(1, 20);
        _triggered += count;
        for (int i = 0; i < count; i++)
        {
            _sumOnWorker!.Trigger();
        }

        _last!.Trigger(++_nextValue);
        if (Random.Next(2) == 0)
        {
            _sum!.Trigger(count);
            return;
        }

        UserEvent sum = _sum!;
        _working++;
        manager.ExecuteWork(
            WorkPriority.High,
            () =>
            {
                for (int i = 0; i < count; i++)
                {
                    sum.Trigger();
                }

                return count;
            },
            (_, _) => _working--);
    }

    protected override void OnStop()
    {
    }
}
