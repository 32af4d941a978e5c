using Vigil;

namespace Soak.Loops;

/// <summary>Signals on both routes. Queued ones all arrive, in order; of the others each is sent when the last one has arrived.</summary>
internal sealed class SignalWorkload : Workload
{
    /// <summary>A signal that comes by signalfd, because it is blocked from the start.</summary>
    public static readonly Signal Blocked = Signal.SIGUSR1;

    /// <summary>The same, of those that the kernel queues.</summary>
    public static readonly Signal Queued = Signal.RealTime(3);

    private static readonly Signal Unblocked = Signal.SIGUSR2;

    private readonly List<SignalEvent> _lasting = [];
    private readonly List<SignalEvent> _passing = [];
    private int _nextValue;
    private int _nextExpected;
    private long _sent;
    private long _arrived;
    private bool _isBlockedOnItsWay;
    private bool _isUnblockedOnItsWay;

    public SignalWorkload(Random random, Findings findings)
        : base(random, findings)
    {
    }

    public override string Name => "signals, by signalfd and the runtime";

    public override long Count => _sent;

    public override string? Outstanding => _sent == _arrived ? null : $"{_sent - _arrived} signals";

    protected override TimeSpan Pace => TimeSpan.FromMilliseconds(10);

    public override void Finish()
    {
        Cancel(_lasting);
        Cancel(_passing);
    }

    protected override void OnStart(EventManager manager)
    {
        _lasting.Add(manager.CreateSignalEvent(Blocked, (_, _) => Arrived(ref _isBlockedOnItsWay)));
        _lasting.Add(manager.CreateSignalEvent(Unblocked, (_, _) => Arrived(ref _isUnblockedOnItsWay)));
        _lasting.Add(manager.CreateSignalEvent(Queued, (_, info) =>
        {
            _arrived++;
            Findings.Require(info.Value == _nextExpected, $"the queued signal {_nextExpected} has the value {info.Value}");
            _nextExpected++;
        }));
        Findings.Require(_lasting[0].Route == SignalRoute.SignalFd, "the blocked signal does not come by signalfd");
    }

    protected override void Step(EventManager manager)
    {
        switch (Random.Next(5))
        {
            case 0 when !_isBlockedOnItsWay:
                _isBlockedOnItsWay = true;
                _sent++;
                ProcessSignals.Send(Blocked);
                break;
            case 1 when !_isUnblockedOnItsWay:
                _isUnblockedOnItsWay = true;
                _sent++;
                ProcessSignals.Send(Unblocked);
                break;
            case 2:
                for (int i = Random.Next(1, 20); i > 0; i--)
                {
                    _sent++;
                    ProcessSignals.Queue(Queued, _nextValue++);
                }

                break;
            case 3 when _passing.Count < 10:
                Signal signal = Random.Next(2) == 0 ? Blocked : Unblocked;
                _passing.Add(manager.CreateSignalEvent(signal, (_, _) => { }, new SignalEventOptions { OneShot = Random.Next(2) == 0 }));
                break;
            case 4 when _passing.Count > 0:
                _passing[^1].Dispose();
                _passing.RemoveAt(_passing.Count - 1);
                break;
        }
    }

    protected override void OnStop()
    {
    }

    private static void Cancel(List<SignalEvent> events)
    {
        events.ForEach(each => each.Dispose());
        events.Clear();
    }

    private void Arrived(ref bool isOnItsWay)
    {
        Findings.Require(isOnItsWay, "a signal came twice");
        isOnItsWay = false;
        _arrived++;
    }
}
