namespace Vigil.Testing.Tests.Models;

/// <summary>
/// Draws programs from a seed, with a bias for what is interesting: what is registered is changed, also in callbacks in the middle of a
/// batch, and what is changed is iterated.
/// </summary>
internal sealed class ProgramGenerator(int seed)
{
    // How many operations at the beginning make something that can be called back.
    private const int Preparations = 6;

    private static readonly EventSet[] Interests =
    [
        EventSet.In, EventSet.In, EventSet.Out, EventSet.In | EventSet.Out, EventSet.In | EventSet.Out, EventSet.None,
        EventSet.In | EventSet.EdgeTriggered, EventSet.Out | EventSet.EdgeTriggered, EventSet.In | EventSet.Out | EventSet.EdgeTriggered,
        EventSet.In | EventSet.OneShot, EventSet.Out | EventSet.OneShot, EventSet.In | EventSet.Out | EventSet.OneShot,
        EventSet.In | EventSet.ReadHangUp, EventSet.In | EventSet.Exclusive, EventSet.In | EventSet.EdgeTriggered | EventSet.OneShot,
    ];

    private static readonly int[] Durations = [0, 0, 1, 1, 2, 3, 5, 10];

    private readonly Random _random = new(seed);
    private readonly List<(int Subscriber, int End)> _added = [];
    private readonly List<(CallbackKind Kind, int Index)> _callable = [];

    private int End => _random.Next(Bounds.Ends);

    private int Subscriber => _random.Next(Bounds.Subscribers);

    private int Event => IndexOf(CallbackKind.Event, Bounds.Events);

    private int Timer => IndexOf(CallbackKind.Timer, Bounds.Timers);

    private int Signal => IndexOf(CallbackKind.Signal, Bounds.Signals);

    private EventSet Interest => Interests[_random.Next(Interests.Length)];

    private int Duration => Durations[_random.Next(Durations.Length)];

    public ModelProgram Next(int length)
    {
        List<Operation> operations = [];
        while (operations.Count < length)
        {
            if (_random.Next(40) == 0)
            {
                operations.AddRange(CloseBehindTheBack());
            }

            operations.Add(operations.Count < Preparations ? Prepare() : _random.Next(100) switch
            {
                < 25 => new Iterate(),
                < 50 => InSomeCallback(),
                < 54 => new Advance(_random.Next(1, 12)),
                < 58 => new RunWork(),
                < 61 when _callable.Exists(entry => entry.Kind == CallbackKind.Signal) => new Raise(),
                _ => Change(),
            });
        }

        return new ModelProgram((FaultPolicy)_random.Next(3), operations);
    }

    private Operation Prepare() => _random.Next(50) == 0 ? CreateSignal() : _random.Next(8) switch
    {
        < 3 => Add(),
        < 6 => Register(),
        < 7 => StartTimer(),
        _ => new Write(End, _random.Next(1, 64)),
    };

    // What is hardly ever drawn by chance: a number that another file gets, and a registration that a duplicate keeps alive.
    private IEnumerable<Operation> CloseBehindTheBack()
    {
        Add add = Add();
        yield return add;
        if (_random.Next(3) == 0)
        {
            yield return new Duplicate(add.End);
        }

        yield return new Close(add.End);
        switch (_random.Next(3))
        {
            case 0:
                yield return new Close(add.End ^ 1);
                yield return new OpenPair(add.End / 2);
                yield return new Add(Subscriber, add.End, Interest, ByNumber: _random.Next(2) == 0);
                break;
            case 1:
                yield return new Remove(add.Subscriber, add.End);
                yield return new Iterate(_random.Next(1, 50));
                break;
            default:
                yield return new Iterate(_random.Next(1, 50));
                break;
        }
    }

    private InCallback InSomeCallback()
    {
        (CallbackKind kind, int index) = _callable.Count > 0
            ? _callable[_random.Next(_callable.Count)]
            : (CallbackKind.Subscriber, Subscriber);
        return new InCallback(kind, index, _random.Next(8) switch
        {
            0 => new Throw(),
            < 5 => Silence(),
            _ => Change(),
        });
    }

    // Takes something back that may be pending.
    private Operation Silence()
    {
        (int subscriber, int end) = Added();
        return _random.Next(8) switch
        {
            0 => new Disarm(subscriber, end),
            1 => new Remove(subscriber, end),
            2 => new RemoveInterest(subscriber, end, _random.Next(2) == 0 ? EventSet.In : EventSet.Out),
            3 => new DisarmEvent(Event),
            4 => new CancelEvent(Event),
            5 => new Close(end),
            6 => new Modify(subscriber, end, Interest),
            _ => new ModifyEvent(Event, Interest),
        };
    }

    private Operation Change()
    {
        (int subscriber, int end) = Added();
        return _random.Next(100) switch
        {
            < 8 => Add(),
            < 16 => new Modify(subscriber, end, Interest),
            < 18 => new AddInterest(subscriber, end, _random.Next(2) == 0 ? EventSet.In : EventSet.Out),
            < 21 => new RemoveInterest(subscriber, end, _random.Next(2) == 0 ? EventSet.In : EventSet.Out),
            < 25 => new Remove(subscriber, end),
            < 29 => new Disarm(subscriber, end),
            < 33 => new Arm(subscriber, end),
            < 35 => new Inject(subscriber, end, (EventSet)_random.Next(1, 8) | (_random.Next(3) == 0 ? EventSet.HangUp : EventSet.None)),
            < 40 => Register(),
            < 45 => new ModifyEvent(Event, Interest),
            < 48 => new DisarmEvent(Event),
            < 51 => new ArmEvent(Event),
            < 53 => new CancelEvent(Event),
            < 60 => new Write(End, _random.Next(1, 64)),
            < 65 => new Read(End, _random.Next(1, 100)),
            < 67 => new Fill(End),
            < 68 => new ShutdownWrite(End),
            < 73 => new Close(_random.Next(2) == 0 ? end : End),
            < 76 => new OpenPair(_random.Next(Bounds.Pairs)),
            < 78 => new Duplicate(_random.Next(2) == 0 ? end : End),
            < 79 => new CloseDuplicate(End),
            < 80 => new Subscribe(Subscriber, (DispatchPriority)_random.Next(3), _random.Next(2) == 0 ? -1 : End, _random.Next(4) == 0),
            < 81 => new Unsubscribe(Subscriber),
            < 85 => StartTimer(),
            < 88 => new ChangeTimer(Timer, Duration),
            < 89 => new SuspendTimer(Timer),
            < 90 => new ResumeTimer(Timer),
            < 91 => new CancelTimer(Timer),
            < 94 => new Post(_random.Next(2) == 0 ? null : Change()),
            < 97 => new Defer(_random.Next(2) == 0 ? null : Change()),
            < 98 => CreateSignal(),
            < 99 => new CancelSignal(Signal),
            _ => _random.Next(6) == 0 ? new DisposeManager() : new Write(End, 5),
        };
    }

    private Add Add()
    {
        (int end, EventSet interest) = SomethingToWaitFor();
        int subscriber = Subscriber;
        _added.Add((subscriber, end));
        _callable.Add((CallbackKind.Subscriber, subscriber));
        return new Add(subscriber, end, interest, ByNumber: _random.Next(4) == 0);
    }

    private Register Register()
    {
        (int end, EventSet interest) = SomethingToWaitFor();
        int index = _random.Next(Bounds.Events);
        _callable.Add((CallbackKind.Event, index));
        return new Register(
            index, end, interest, (DispatchPriority)_random.Next(3), ByNumber: _random.Next(5) == 0, OnWorker: _random.Next(4) == 0);
    }

    // Every second time it is ready at once.
    private (int End, EventSet Interest) SomethingToWaitFor() =>
        _random.Next(2) == 0 ? (End | 1, Interest | EventSet.Out) : (End, Interest);

    private StartTimer StartTimer()
    {
        int index = _random.Next(Bounds.Timers);
        _callable.Add((CallbackKind.Timer, index));
        return new StartTimer(index, Duration, _random.Next(2) == 0 ? 0 : Duration, (MissedTickPolicy)_random.Next(3));
    }

    private CreateSignal CreateSignal()
    {
        int index = _random.Next(Bounds.Signals);
        _callable.Add((CallbackKind.Signal, index));
        return new CreateSignal(index);
    }

    // What was added, mostly.
    private (int Subscriber, int End) Added() =>
        _added.Count > 0 && _random.Next(8) > 0 ? _added[_random.Next(_added.Count)] : (Subscriber, End);

    private int IndexOf(CallbackKind kind, int bound)
    {
        int[] made = [.. _callable.Where(entry => entry.Kind == kind).Select(entry => entry.Index)];
        return made.Length > 0 ? made[_random.Next(made.Length)] : _random.Next(bound);
    }
}
