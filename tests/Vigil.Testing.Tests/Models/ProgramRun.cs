using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Vigil.Testing.Tests.Models;

/// <summary>How a program ended: the first difference between manager and model, or null, and what happened.</summary>
internal sealed record ProgramOutcome(string? Difference, IReadOnlyList<string> Log);

/// <summary>Runs a program on a manager and on the model, and compares them after each step.</summary>
internal sealed class ProgramRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Machine _machine;
    private readonly ModelProgram _program;
    private readonly ManagerModel _model;
    private readonly EventManager _manager;
    private readonly FileOperations _files;
    private readonly Subscription[] _subscriptions = new Subscription[Bounds.Subscribers];
    private readonly (ModelHandle Handle, bool ByNumber)?[,] _names = new (ModelHandle, bool)?[Bounds.Subscribers, Bounds.Ends];
    private readonly (SocketEvent Event, ModelOwner Owner)?[] _events = new (SocketEvent, ModelOwner)?[Bounds.Events];
    private readonly (TimerEvent Event, ModelOwner Owner)?[] _timers = new (TimerEvent, ModelOwner)?[Bounds.Timers];
    private readonly SignalEvent?[] _signals = new SignalEvent?[Bounds.Signals];
    private readonly List<int> _signalsInOrder = [];
    private readonly List<int> _signalsDue = [];
    private readonly List<int> _signalsPossible = [];
    private bool _isSignalUnderWay;
    private readonly Dictionary<(CallbackKind Kind, int Index), Queue<Operation>> _scripts = [];
    private readonly Dictionary<Exception, ModelOwner> _workerFaults = [];
    private readonly List<Subscription> _disposed = [];
    private readonly List<string> _log = [];
    private int _step = -1;
    private int _ran;
    private uint _lastData;
    private int _closures;
    private int _depth;
    private bool _isOnWorker;
    private bool _throws;
    private bool _isEnding;
    private string? _mismatch;

    private ProgramRun(Machine machine, ModelProgram program, PlantedBug bug)
    {
        _machine = machine;
        _program = program;
        _manager = machine.Manager;
        _model = new ManagerModel(program.Policy, bug, Fail);
        _manager.FaultReported += (_, report) => OnReported(report);
        _files = new FileOperations(machine, _model, Fail);
    }

    /// <summary>Runs a program.</summary>
    public static ProgramOutcome Of(Machine machine, ModelProgram program, PlantedBug bug) => new ProgramRun(machine, program, bug).Run();

    private ProgramOutcome Run()
    {
        try
        {
            for (int index = 0; index < Bounds.Subscribers; index++)
            {
                Perform(new Subscribe(index, DispatchPriority.Normal));
            }

            foreach (Operation operation in _program.Operations)
            {
                _step++;
                _log.Add($"{_step}: {ProgramText.Of(operation)}");
                Perform(operation);
                CompareStates();
            }

            Settle();
        }
        catch (Exception exception)
        {
            Fail($"the program threw {exception}");
        }

        _isEnding = true;
        _manager.Dispose();
        CompareDisposals();
        _files.CloseAll();
        return new ProgramOutcome(_mismatch, _log);
    }

    private void Fail(string what)
    {
        _mismatch ??= $"At operation {_step}: {what}";
        _log.Add($"!! {what}");
    }

    private void Log(string what) => _log.Add($"{new string(' ', 4 * (1 + _depth))}{what}");

    // What is left must come, and the tables must be equal in the end.
    private void Settle()
    {
        _scripts.Clear();
        for (int i = 0; i < 3; i++)
        {
            _step++;
            _log.Add($"{_step}: it settles");
            Perform(new RunWork());
            Perform(new Iterate());
            CompareStates();
        }

        if (_isEnding || _mismatch is not null)
        {
            return;
        }

        string actual = string.Join("; ", _manager.GetSources().OrderBy(source => source.Fd.Number).Select(
            source => Describe(source.Fd.Number, source.Interest, source.State, source.Event is null ? source.Data : 0)));
        string expected = string.Join("; ", _model.Registrations.OrderBy(registration => registration.Number).Select(
            registration => Describe(
                registration.Number,
                registration.Interest,
                registration.State,
                registration.Owner.Kind == CallbackKind.Event ? 0 : registration.Data)));
        if (actual != expected)
        {
            Fail($"registered at the end is {actual} instead of {expected}");
        }

        static string Describe(int number, EventSet interest, SourceState state, uint data) =>
            string.Create(CultureInfo.InvariantCulture, $"fd {number} {interest} {state} {data}");
    }

    private void CompareStates()
    {
        if (_isEnding || _mismatch is not null)
        {
            return;
        }

        for (int i = 0; i < Bounds.Timers; i++)
        {
            if (_timers[i] is { } timer && timer.Event.State != _model.Timers[i]!.State)
            {
                Fail($"timer {i} is {timer.Event.State} instead of {_model.Timers[i]!.State}");
            }
        }

        foreach ((SocketEvent Event, ModelOwner Owner)? slot in _events)
        {
            if (slot is { } entry && _model.RegistrationOf(entry.Owner) is { IsHandleClosed: false } registration
                && (entry.Event.State != registration.State || entry.Event.Interest != registration.Interest))
            {
                Fail($"{entry.Owner} is {entry.Event.State} with {entry.Event.Interest}; expected is {registration}");
            }
        }
    }

    // Those that the manager still owned are disposed, the last added first; no others.
    private void CompareDisposals()
    {
        IEnumerable<Subscription> expected = _subscriptions.Where(subscription => subscription is { Owner.IsGone: false })
            .OrderByDescending(subscription => subscription.Id.Value);
        if (_mismatch is null && !_disposed.SequenceEqual(expected))
        {
            Fail("the manager has disposed other subscribers than those that it owned, in reverse order");
        }
    }

    private void Perform(Operation operation)
    {
        bool canRun = _mismatch is null && !_isEnding && (!_isOnWorker || operation is Read or Write or Throw);
        if (!canRun || _files.TryPerform(operation))
        {
            return;
        }

        switch (operation)
        {
            case Subscribe subscribe:
                Attach(subscribe);
                break;
            case Unsubscribe(int index):
                Subscription removed = _subscriptions[index];
                Expect(
                    removed.Owner.IsGone
                        ? Verdict.Refused(EventManagerError.SubscriberNotFound)
                        : Verdict.Success(() => _model.EndAllOf(removed.Owner)),
                    () => _manager.RemoveSubscriber(removed.Id));
                break;
            case Add add:
                AddTo(add);
                break;
            case Modify(int index, int end, EventSet interest):
                uint data = ++_lastData;
                Change(
                    index,
                    end,
                    registration => _model.Modify(registration, interest, data),
                    (ops, fd) => ops.Modify(new Events(fd, interest, data)));
                break;
            case AddInterest(int index, int end, EventSet flags):
                Change(
                    index,
                    end,
                    registration => _model.Modify(registration, registration.Interest | flags, data: null),
                    (ops, fd) => ops.AddInterest(fd, flags));
                break;
            case RemoveInterest(int index, int end, EventSet flags):
                Change(
                    index,
                    end,
                    registration => _model.Modify(registration, registration.Interest & ~flags, data: null),
                    (ops, fd) => ops.RemoveInterest(fd, flags));
                break;
            case Disarm(int index, int end):
                Change(index, end, _model.Disarm, static (ops, fd) => ops.Disarm(fd));
                break;
            case Arm(int index, int end):
                Change(index, end, _model.Arm, static (ops, fd) => ops.Arm(fd));
                break;
            case Remove(int index, int end):
                Change(
                    index,
                    end,
                    registration => Verdict.Success(() => _model.End(registration)),
                    static (ops, fd) => ops.Remove(fd),
                    isRemoval: true);
                break;
            case Inject(int index, int end, EventSet kinds):
                SubscriberId id = _subscriptions[index].Id;
                Change(
                    index,
                    end,
                    registration => Verdict.Success(() => _model.Inject(registration, kinds)),
                    (_, fd) => _manager.Inject(id, new Events(fd, kinds)));
                break;
            case Register register:
                CreateEvent(register);
                break;
            case ModifyEvent(int index, EventSet interest):
                ModifyEventOf(index, interest);
                break;
            case DisarmEvent(int index):
                ChangeEvent(index, _model.Disarm, static socketEvent => socketEvent.Disarm());
                break;
            case ArmEvent(int index):
                ChangeEvent(index, _model.Arm, static socketEvent => socketEvent.Arm());
                break;
            case CancelEvent(int index) when _events[index] is { } entry:
                entry.Event.Cancel();
                _model.EndAllOf(entry.Owner);
                _events[index] = null;
                break;
            case StartTimer start:
                CreateTimer(start);
                break;
            case ChangeTimer(int index, int due) when _timers[index] is { } timer:
                ChangeTimerOf(index, () => _model.Timers.Change(index, due), () => timer.Event.Change(TimeSpan.FromMilliseconds(due)));
                break;
            case SuspendTimer(int index) when _timers[index] is { } timer:
                ChangeTimerOf(index, () => _model.Timers.Suspend(index), timer.Event.Suspend);
                break;
            case ResumeTimer(int index) when _timers[index] is { } timer:
                ChangeTimerOf(index, () => _model.Timers.Resume(index), timer.Event.Resume);
                break;
            case CancelTimer(int index) when _timers[index] is { } timer:
                timer.Event.Cancel();
                timer.Owner.IsGone = true;
                _model.Timers.Cancel(index);
                break;
            case Post(var then):
                int posted = ++_closures;
                _model.Posts.Add(posted, _model.Phase);
                Action<EventManager> closure = _ => RunClosure(ModelPhase.Mailbox, _model.Posts, posted, then);
                _manager.RemoteEndpoint.Fire(closure);
                break;
            case Defer(var then):
                int deferred = ++_closures;
                _model.Deferred.Add(deferred, _model.Phase);
                Action<EventManager> callback = _ => RunClosure(ModelPhase.Deferred, _model.Deferred, deferred, then);
                _manager.Defer(callback);
                break;
            case CreateSignal(int index) when _signals[index] is null:
                SignalEventCallback onSignal = (_, _) => OnSignal(index);
                _signals[index] = _manager.CreateSignalEvent(Signal.SIGURG, onSignal);
                _signalsInOrder.Add(index);
                if (_isSignalUnderWay)
                {
                    // When the loop gets it, this callback may be there.
                    _signalsPossible.Add(index);
                }

                break;
            case CancelSignal(int index) when _signals[index] is not null:
                _signals[index]!.Cancel();
                ForgetSignal(index);
                break;
            case Raise when _depth == 0:
                RaiseSignal();
                break;
            case Advance(int milliseconds) when _depth == 0:
                _model.Timers.Now += milliseconds;
                _machine.Advance(TimeSpan.FromMilliseconds(milliseconds));
                break;
            case Iterate(int times) when _depth == 0:
                for (int i = 0; i < times && _mismatch is null && !_isEnding; i++)
                {
                    RunIteration();
                }

                break;
            case RunWork when _depth == 0:
                _machine.RunWork();
                _model.OnWorkRun();
                break;
            case InCallback(CallbackKind kind, int index, Operation then):
                (CollectionsMarshal.GetValueRefOrAddDefault(_scripts, (kind, index), out _) ??= new()).Enqueue(then);
                break;
            case Throw when _depth > 0:
                _throws = true;
                break;
            case DisposeManager:
                // In a callback it takes effect when the iteration ends.
                Log("the manager was disposed");
                _isEnding = true;
                _manager.Dispose();
                break;
        }
    }

    private void RunIteration()
    {
        _ran = 0;
        int waiting = _machine.Waiting;
        _model.BeginIteration();
        Exception? thrown = null;
        int returned = -1;
        try
        {
            returned = _manager.RunOnce(TimeSpan.Zero);
        }
        catch (Exception exception)
        {
            thrown = exception;
        }

        if (_isEnding)
        {
            return;
        }

        int sent = _machine.Waiting - waiting;
        _model.EndIteration(sent);
        _model.Faults.End(thrown);
        if (thrown is null && returned != _ran + sent)
        {
            Fail($"RunOnce returned {returned}; {_ran} callbacks ran and {sent} were sent to workers");
        }
    }

    private void Expect(Verdict verdict, Action call)
    {
        EventManagerError error = EventManagerError.None;
        try
        {
            call();
        }
        catch (EventManagerException exception)
        {
            error = exception.Error;
        }

        Expect(verdict, error);
    }

    private void Expect(Verdict verdict, EventManagerError error)
    {
        if (error != EventManagerError.None)
        {
            Log($"answers {error}");
        }

        if (!verdict.Allowed.Contains(error))
        {
            Fail($"the answer is {error} instead of {string.Join(" or ", verdict.Allowed)}");
        }
        else if (error == EventManagerError.None)
        {
            verdict.Apply?.Invoke();
        }
    }

    private void Attach(Subscribe subscribe)
    {
        if (_subscriptions[subscribe.Subscriber] is { Owner.IsGone: false })
        {
            return;
        }

        Subscription subscription = new(this, subscribe);
        try
        {
            subscription.Id = _manager.AddSubscriber(subscription, subscribe.Priority);
        }
        catch (PlannedException) when (subscribe.Throws)
        {
            _model.EndAllOf(subscription.Owner);
            return;
        }

        _subscriptions[subscribe.Subscriber] = subscription;
    }

    private void Initialize(Subscription subscription, Subscribe subscribe, EventOps ops)
    {
        for (int end = 0; end < Bounds.Ends; end++)
        {
            _names[subscribe.Subscriber, end] = null;
        }

        if (subscribe.End >= 0)
        {
            ModelHandle handle = _files[subscribe.End];
            Verdict verdict = _model.Add(subscription.Owner, handle, byNumber: false, EventSet.In, ++_lastData, subscribe.Priority);
            ops.TryAdd(new Events(handle.Real, EventSet.In, _lastData), out EventManagerError error);
            Expect(verdict, error);
        }

        if (subscribe.Throws)
        {
            throw new PlannedException();
        }
    }

    private void AddTo(Add add)
    {
        Subscription subscription = _subscriptions[add.Subscriber];
        ModelHandle handle = _files[add.End];
        if (add.ByNumber && handle.IsClosed)
        {
            return;
        }

        uint data = ++_lastData;
        FileDescriptor fd = FdOf(handle, add.ByNumber);
        Verdict verdict = subscription.Owner.IsGone
            ? Verdict.Refused(EventManagerError.SubscriberNotFound)
            : _model.Add(subscription.Owner, handle, add.ByNumber, add.Interest, data, subscription.Priority);
        Action? apply = verdict.Apply;
        verdict = verdict with
        {
            Apply = () =>
            {
                apply!();
                _names[add.Subscriber, add.End] = (handle, add.ByNumber);
            },
        };
        Expect(verdict, () => _manager.GetEventOps(subscription.Id).Add(new Events(fd, add.Interest, data)));
    }

    private void Change(
        int index, int end, Func<ModelRegistration, Verdict> onFound, EventOpsCall call, bool isRemoval = false)
    {
        Subscription subscription = _subscriptions[index];
        (ModelHandle handle, bool byNumber) = _names[index, end] ?? (_files[end], false);
        if (byNumber && !isRemoval && !_model.IsOpen(handle.Number))
        {
            // The number may be anybody's in this process.
            return;
        }

        Verdict verdict;
        if (subscription.Owner.IsGone)
        {
            verdict = Verdict.Refused(EventManagerError.SubscriberNotFound);
        }
        else
        {
            EventManagerError error = _model.Find(subscription.Owner, handle, byNumber, out ModelRegistration? found);
            verdict = error == EventManagerError.None ? onFound(found!)
                : isRemoval && !byNumber && handle.IsClosed ? Verdict.Success(() => { })
                : Verdict.Refused(error);
        }

        Expect(verdict, () => call(_manager.GetEventOps(subscription.Id), FdOf(handle, byNumber)));
    }

    private void CreateEvent(Register register)
    {
        ModelHandle handle = _files[register.End];
        if (_events[register.Event] is { Owner.IsGone: false } || (register.ByNumber && handle.IsClosed))
        {
            return;
        }

        ModelOwner owner = new(CallbackKind.Event, register.Event);
        int number = handle.Number;
        EventSet interest = register.OnWorker ? OnWorker(register.Interest) : register.Interest;
        SocketEventOptions options = new()
        {
            Priority = register.Priority,
            Target = register.OnWorker ? CallbackTarget.Worker() : CallbackTarget.Loop,
        };
        SocketEventCallback callback = register.OnWorker
            ? (_, ready) => OnWorkerEvent(owner, ready)
            : (_, ready) => OnSource(owner, number, ready, data: null);
        Expect(
            _model.Add(owner, handle, register.ByNumber, interest, data: 0, register.Priority, register.OnWorker),
            () => _events[register.Event] =
                (_manager.CreateSocketEvent(FdOf(handle, register.ByNumber), interest, callback, options), owner));
    }

    // What is sent to a worker must not depend on what kernels differ in.
    private static EventSet OnWorker(EventSet interest) => EventSet.In | (interest & EventSet.ReadHangUp);

    private void ModifyEventOf(int index, EventSet interest)
    {
        if (_events[index] is { } entry && _model.RegistrationOf(entry.Owner) is { OnWorker: true })
        {
            interest = OnWorker(interest);
        }

        ChangeEvent(index, registration => _model.Modify(registration, interest, data: null), socketEvent => socketEvent.Modify(interest));
    }

    private void ChangeEvent(int index, Func<ModelRegistration, Verdict> onFound, Action<SocketEvent> call)
    {
        if (_events[index] is not { } entry)
        {
            return;
        }

        ModelRegistration? registration = _model.RegistrationOf(entry.Owner);
        bool isAnybodys = registration is { Handle: null } && !_model.IsOpen(registration.Number);
        bool isBusy = registration is { OnWorker: true } && (registration.Pending ?? registration.Sent) is not null;
        if (!isAnybodys && !isBusy && registration?.HasEnded != true)
        {
            Verdict verdict = registration is { IsHandleClosed: false }
                ? onFound(registration)
                : Verdict.Refused(EventManagerError.NotRegistered);
            Expect(verdict, () => call(entry.Event));
        }
    }

    private void CreateTimer(StartTimer start)
    {
        int index = start.Timer;
        if (_timers[index] is { Event.IsCancelled: false })
        {
            return;
        }

        ModelOwner owner = new(CallbackKind.Timer, index);
        TimerEventCallback callback = (_, tick) => InCallbackOf(
            owner,
            ModelPhase.Timers,
            () => _model.Timers.OnFired(index, (long)tick.Lateness.TotalMilliseconds, tick.Missed));
        _model.Timers.Create(index, start.Due, start.Period, start.MissedTicks);
        _timers[index] = (
            _manager.CreateTimerEvent(
                TimeSpan.FromMilliseconds(start.Due),
                TimeSpan.FromMilliseconds(start.Period),
                callback,
                new TimerEventOptions { MissedTicks = start.MissedTicks }),
            owner);
    }

    private void ChangeTimerOf(int index, Action apply, Action call) => Expect(
        _model.Timers[index]!.State == TimerState.Cancelled ? Verdict.Refused(EventManagerError.NotRegistered) : Verdict.Success(apply),
        call);

    private void RaiseSignal()
    {
        if (_signalsInOrder.Count == 0)
        {
            return;
        }

        _signalsDue.AddRange(_signalsInOrder);
        _isSignalUnderWay = true;
        if (!_machine.Send(Signal.SIGURG))
        {
            Fail("the signal was not sent");
        }

        // The runtime's thread brings it, where signals are real.
#pragma warning disable VIGILT002, VIGILT004
        long start = Stopwatch.GetTimestamp();
        SpinWait wait = default;
        while (_signalsDue.Count > 0 && _mismatch is null && !_isEnding)
        {
            RunIteration();
            wait.SpinOnce();
            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                Fail("the signal has not come");
            }
        }
#pragma warning restore VIGILT002, VIGILT004
    }

    private void ForgetSignal(int index)
    {
        _signals[index] = null;
        _signalsInOrder.Remove(index);
        _signalsDue.Remove(index);
        _signalsPossible.Remove(index);
    }

    private void OnSignal(int index)
    {
        ModelOwner owner = new(CallbackKind.Signal, index);
        InCallbackOf(owner, ModelPhase.Mailbox, () =>
        {
            _isSignalUnderWay = false;
            if (!_signalsPossible.Remove(index) && (_signalsDue.Count == 0 || _signalsDue[0] != index))
            {
                Fail($"signal callback {index} runs, and due are [{string.Join(", ", _signalsDue)}]");
            }

            _signalsDue.Remove(index);
        });
    }

    private void OnSource(ModelOwner owner, int number, EventSet set, uint? data)
    {
        ModelRegistration? registration = null;
        InCallbackOf(
            owner,
            ModelPhase.Sources,
            () => registration = _model.OnDelivered(owner, number, set, data),
            end: () =>
            {
                if (registration is not null)
                {
                    _model.OnCallbackEnded(registration);
                }
            });
    }

    private void OnWorkerEvent(ModelOwner owner, EventSet ready)
    {
        _isOnWorker = true;
        try
        {
            InCallbackOf(owner, ModelPhase.Outside, () => _model.OnWorkerCallback(owner, ready));
        }
        finally
        {
            _isOnWorker = false;
        }
    }

    private void RunClosure(ModelPhase phase, ModelQueue queue, int number, Operation? then) =>
        InCallbackOf(owner: null, phase, () => queue.OnRun(number), then);

    // All callbacks come through here. What fails in one must not end as a fault of the manager's.
    private void InCallbackOf(ModelOwner? owner, ModelPhase phase, Action begin, Operation? then = null, Action? end = null)
    {
        if (_mismatch is not null)
        {
            return;
        }

        _depth++;
        _throws = false;
        try
        {
            Log($"callback of {owner?.ToString() ?? "a closure"}{(_isOnWorker ? " on a worker" : "")}");
            if (!_isOnWorker)
            {
                _model.Enter(phase);
                _ran++;
            }

            begin();
            Script(then);
            Queue<Operation>? script = owner is null ? null : _scripts.GetValueOrDefault((owner.Kind, owner.Index));
            while (script is not null && script.TryDequeue(out Operation? operation))
            {
                Script(operation);
            }
        }
        catch (Exception exception)
        {
            Fail($"a callback threw {exception}");
        }

        bool throws = _throws && _mismatch is null;
        _throws = false;
        _depth--;
        if (throws)
        {
            EndByThrowing(owner, end);
        }

        end?.Invoke();
    }

    private void Script(Operation? operation)
    {
        if (operation is not null)
        {
            Log(ProgramText.Of(operation));
            Perform(operation);
        }
    }

    private void EndByThrowing(ModelOwner? owner, Action? end)
    {
        PlannedException planned = new();
        if (_isOnWorker)
        {
            // The loop is told in its next iteration.
            _model.Faults.Expect(planned);
            _workerFaults.Add(planned, owner!);
        }
        else
        {
            if (owner is { Kind: CallbackKind.Signal } && _program.Policy == FaultPolicy.Detach && _signals[owner.Index] is not null)
            {
                ForgetSignal(owner.Index);
            }

            _model.OnThrown(owner, planned);
        }

        end?.Invoke();
        throw planned;
    }

    private void OnReported(FaultReport report)
    {
        Log($"report: {report.Exception.Message}");
        if (_isEnding || _mismatch is not null)
        {
            return;
        }

        if (report.Exception is PlannedException)
        {
            _model.Faults.OnReported(report);
            if (_workerFaults.Remove(report.Exception, out ModelOwner? owner) && _program.Policy == FaultPolicy.Detach)
            {
                _model.Detach(owner);
            }
        }
        else if (report.Exception is EventManagerException exception)
        {
            _model.OnRegistrationFault(exception.Error, exception.Fd);
        }
        else
        {
            Fail($"unexpected report: {report}");
        }
    }

    private static FileDescriptor FdOf(ModelHandle handle, bool byNumber) => byNumber ? handle.Number : handle.Real;

    private delegate void EventOpsCall(EventOps ops, FileDescriptor fd);

    private sealed class PlannedException : Exception;

    private sealed class Subscription(ProgramRun run, Subscribe subscribe) : IEventSubscriber, IDisposable
    {
        public ModelOwner Owner { get; } = new(CallbackKind.Subscriber, subscribe.Subscriber);

        public DispatchPriority Priority => subscribe.Priority;

        public SubscriberId Id { get; set; }

        public void Initialize(EventOps ops) => run.Initialize(this, subscribe, ops);

        public void Process(in Events events, EventOps ops) => run.OnSource(Owner, events.Fd.Number, events.Set, events.Data);

        public void Dispose() => run._disposed.Add(this);
    }
}
