using Vigil;
using Vigil.IO;

namespace Soak.Loops;

/// <summary>Pipes that are registered, disarmed, armed, changed, hung up and closed. What was written is read once, and nothing while
/// disarmed. Subscribers, hooks and deferred callbacks come and go meanwhile.</summary>
internal sealed class RegistrationWorkload : Workload
{
    private const int Most = 100;

    private readonly List<Entry> _entries = [];
    private readonly List<HookRegistration> _hooks = [];
    private readonly List<(SubscriberId Id, CountingSubscriber Subscriber)> _subscribers = [];
    private readonly byte[] _buffer = new byte[256];
    private long _registered;
    private long _deferred;
    private long _ran;

    public RegistrationWorkload(Random random, Findings findings)
        : base(random, findings)
    {
    }

    public override string Name => "registrations of descriptors";

    public override long Count => _registered;

    public override string? Outstanding
    {
        get
        {
            long unread = _entries.Sum(entry => entry.Written - entry.Read);
            long hangUps = _entries.Count(entry => entry.IsHungUp);
            long unseen = _subscribers.Sum(each => each.Subscriber.Added - each.Subscriber.Taken);
            return unread + hangUps + unseen + (_deferred - _ran) == 0
                ? null
                : $"{unread} bytes, {hangUps} hang-ups, {unseen} of subscribers, {_deferred - _ran} deferred";
        }
    }

    protected override TimeSpan Pace => TimeSpan.FromMilliseconds(5);

    public override void Finish()
    {
        foreach (Entry entry in _entries.ToArray())
        {
            Close(entry);
        }
    }

    protected override void OnStart(EventManager manager)
    {
    }

    protected override void Step(EventManager manager)
    {
        for (int i = 0; i < 5; i++)
        {
            int choice = Random.Next(12);
            if (_entries.Count < Most && choice < 3)
            {
                Add(manager);
            }
            else if (choice == 3)
            {
                ChangeHooks(manager);
            }
            else if (choice == 4)
            {
                ChangeSubscribers(manager);
            }
            else if (_entries.Count > 0)
            {
                Disturb(_entries[Random.Next(_entries.Count)], choice);
            }
        }
    }

    protected override void OnStop()
    {
        foreach (Entry entry in _entries)
        {
            Listen(entry);
        }

        _hooks.ForEach(hook => hook.Dispose());
        _hooks.Clear();
        while (_subscribers.Count > 0)
        {
            RemoveSubscriber(_subscribers[^1].Subscriber.Manager, _subscribers.Count - 1);
        }
    }

    private static void Listen(Entry entry)
    {
        entry.Event.Modify(EventSet.In);
        if (entry.Event.State == SourceState.Disarmed)
        {
            entry.Event.Arm();
        }
    }

    private void Add(EventManager manager)
    {
        _registered++;
        var entry = new Entry { Pipe = new UnixPipe() };
        entry.Event = manager.CreateSocketEvent(entry.Pipe.Reader, EventSet.In, (_, ready) => OnReady(entry, ready));
        _entries.Add(entry);
    }

    private void Disturb(Entry entry, int choice)
    {
        switch (choice)
        {
            case 5 when entry.Event.State == SourceState.Armed:
                entry.Event.Disarm();
                break;
            case 5 or 6:
                Listen(entry);
                break;
            case 7:
                entry.Event.Modify(Random.Next(2) == 0 ? EventSet.In : EventSet.In | EventSet.ReadHangUp);
                break;
            case 8:
                Close(entry);
                break;
            case 9 when !entry.IsHungUp:
                entry.IsHungUp = true;
                entry.Pipe.Writer.Dispose();
                break;
            default:
                if (!entry.IsHungUp)
                {
                    entry.Written += NonBlocking.TryWrite(entry.Pipe.Writer, _buffer.AsSpan(0, Random.Next(1, 10))).Count;
                }

                break;
        }
    }

    private void OnReady(Entry entry, EventSet ready)
    {
        Findings.Require(!entry.IsClosed, "a closed descriptor has an event");
        Findings.Require(entry.Event.State != SourceState.Disarmed, $"a disarmed descriptor has the event {ready}");
        IOResult read = NonBlocking.TryRead(entry.Pipe.Reader, _buffer);
        if (read.IsEndOfStream)
        {
            Findings.Require(entry.Read == entry.Written, $"of {entry.Written} bytes {entry.Read} were read");
            Findings.Require(entry.IsHungUp, "a pipe hung up by itself");
            Close(entry);
        }
        else if (read.IsSuccess)
        {
            entry.Read += read.Count;
            Findings.Require(entry.Read <= entry.Written, "more was read than written");
        }
    }

    private void Close(Entry entry)
    {
        entry.IsClosed = true;
        entry.Event.Dispose();
        entry.Pipe.Dispose();
        _entries.Remove(entry);
    }

    private void ChangeHooks(EventManager manager)
    {
        _deferred++;
        manager.Defer(_ => _ran++);
        if (_hooks.Count > 5)
        {
            _hooks[^1].Dispose();
            _hooks.RemoveAt(_hooks.Count - 1);
        }
        else
        {
            _hooks.Add(Random.Next(2) == 0 ? manager.AddPrepareHook(_ => { }) : manager.AddCheckHook(_ => { }));
        }
    }

    private void ChangeSubscribers(EventManager manager)
    {
        if (_subscribers.Count < 10)
        {
            var subscriber = new CountingSubscriber(manager, Findings);
            _subscribers.Add((manager.AddSubscriber(subscriber), subscriber));
        }

        int i = Random.Next(_subscribers.Count);
        if (Random.Next(3) == 0)
        {
            RemoveSubscriber(manager, i);
        }
        else
        {
            _subscribers[i].Subscriber.Add();
        }
    }

    private void RemoveSubscriber(EventManager manager, int i)
    {
        (SubscriberId id, CountingSubscriber subscriber) = _subscribers[i];
        _subscribers.RemoveAt(i);
        manager.RemoveSubscriber(id);
        subscriber.Dispose();
    }

    private sealed class Entry
    {
        public required UnixPipe Pipe { get; init; }

        public SocketEvent Event { get; set; } = null!;

        public long Written { get; set; }

        public long Read { get; set; }

        public bool IsHungUp { get; set; }

        public bool IsClosed { get; set; }
    }

    private sealed class CountingSubscriber(EventManager manager, Findings findings) : IEventSubscriber, IDisposable
    {
        private readonly EventFd _eventFd = new();

        public EventManager Manager => manager;

        public long Added { get; private set; }

        public long Taken { get; private set; }

        public void Initialize(EventOps ops) => ops.Add(new Events(_eventFd, EventSet.In, 7));

        public void Process(in Events events, EventOps ops)
        {
            findings.Require(events.Data == 7, "a subscriber got other data than its own");
            if (_eventFd.TryTake(out ulong value))
            {
                Taken += (long)value;
            }
        }

        public void Add()
        {
            _eventFd.TryAdd();
            Added++;
        }

        public void Dispose() => _eventFd.Dispose();
    }
}
