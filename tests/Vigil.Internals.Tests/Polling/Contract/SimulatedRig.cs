using Vigil.Internals.Tests.Support;
using Vigil.Polling;
using Vigil.Testing;

namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>
/// The poller of simulations. Here no world runs: a wait with a deadline moves the rig's clock there, and one without waits for another
/// thread, which a world would call a failure.
/// </summary>
public sealed class SimulatedRig : PollerRig
{
    // An object and not a Lock: a wait without a deadline is Monitor.Wait.
    private readonly object _gate = new();
    private readonly DescriptorTable _descriptors = new();
    private readonly LockedPoller _poller;
    private long _now = 1;

    public SimulatedRig()
    {
        _poller = new LockedPoller(new SimulatedPoller(_descriptors, OnIdle), _gate);
        RegularFile = _descriptors.Give(new SettableFile(isPollable: false));
    }

    public override long NowNanoseconds => Interlocked.Read(ref _now);

    public override int RegularFile { get; }

    internal override IPoller Poller => _poller;

    protected override PollableFile Open()
    {
        lock (_gate)
        {
            var file = new SettableFile(isPollable: true);
            return new File(this, file, _descriptors.Give(file));
        }
    }

    // The lowest free number is given first, as by a kernel.
    protected override PollableFile OpenAt(int number)
    {
        PollableFile file = Open();
        Assert.Equal(number, file.Number);
        return file;
    }

    private bool OnIdle(Deadline deadline)
    {
        if (!deadline.IsInfinite)
        {
            _now = Math.Max(_now, deadline.Nanoseconds);
            return false;
        }

        Assert.True(Monitor.Wait(_gate, Patience.Limit), "Nothing became ready in a wait without a deadline.");
        return true;
    }

    private sealed class LockedPoller(SimulatedPoller poller, object gate) : IPoller
    {
        public int Add(int fd, SourceToken token, EventSet interest) => Locked(() => poller.Add(fd, token, interest));

        public int Modify(int fd, SourceToken token, EventSet interest) => Locked(() => poller.Modify(fd, token, interest));

        public int Remove(int fd) => Locked(() => poller.Remove(fd));

        public int Wait(Deadline deadline, ReadyBuffer ready) => Locked(() => poller.Wait(deadline, ready));

        public int BeginRebuild() => Locked(poller.BeginRebuild);

        public int Transfer(int fd, SourceToken token, EventSet? interest) => Locked(() => poller.Transfer(fd, token, interest));

        public void EndRebuild() => poller.EndRebuild();

        public void AbandonRebuild() => poller.AbandonRebuild();

        public void Dispose() => poller.Dispose();

        private int Locked(Func<int> call)
        {
            lock (gate)
            {
                return call();
            }
        }
    }

    private sealed class SettableFile(bool isPollable) : SimulatedFile
    {
        private EventSet _ready = EventSet.Out;

        public override EventSet Ready => _ready;

        public override bool IsPollable => isPollable;

        public override string Description => "a file of a test";

        public void Set(EventSet ready)
        {
            _ready = ready;
            NoteChange();
        }

        public override void Close()
        {
        }
    }

    private sealed class File(SimulatedRig rig, SettableFile file, int number) : PollableFile(number)
    {
        private int? _duplicate;
        private bool _isClosed;

        public override void BecomeReadable() => Set(EventSet.Out | EventSet.In);

        public override void BecomeUnreadable() => Set(EventSet.Out);

        public override void HangUp() => Set(EventSet.Out | EventSet.In | EventSet.HangUp | EventSet.ReadHangUp);

        public override void Break() => Set(EventSet.Out | EventSet.In | EventSet.HangUp | EventSet.ReadHangUp | EventSet.Error);

        public override void Duplicate()
        {
            lock (rig._gate)
            {
                _duplicate = rig._descriptors.Give(file);
            }
        }

        public override void Close()
        {
            lock (rig._gate)
            {
                if (!_isClosed)
                {
                    _isClosed = true;
                    rig._descriptors.Close(Number);
                }
            }
        }

        public override void Dispose()
        {
            Close();
            lock (rig._gate)
            {
                if (_duplicate is { } duplicate)
                {
                    rig._descriptors.Close(duplicate);
                    _duplicate = null;
                }
            }
        }

        private void Set(EventSet ready)
        {
            lock (rig._gate)
            {
                file.Set(ready);
                Monitor.PulseAll(rig._gate);
            }
        }
    }
}
