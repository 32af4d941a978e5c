using Vigil.Internals.Tests.Support;
using Vigil.Polling;

namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>A poller under test, with the files that it watches and the clock that its deadlines follow.</summary>
public abstract class PollerRig : IDisposable
{
    private readonly List<PollableFile> _files = [];

    internal abstract IPoller Poller { get; }

    public abstract long NowNanoseconds { get; }

    /// <summary>The number of an open file that cannot be polled.</summary>
    public abstract int RegularFile { get; }

    public PollableFile OpenFile() => Keep(Open());

    /// <summary>Closes a number and opens another file under it, as when the kernel reuses a number.</summary>
    public PollableFile OpenFileInPlaceOf(PollableFile file)
    {
        file.Close();
        return Keep(OpenAt(file.Number));
    }

    public virtual void Dispose()
    {
        Poller.Dispose();
        _files.ForEach(file => file.Dispose());
        GC.SuppressFinalize(this);
    }

    /// <summary>Registers a file and fails if that fails. The token is the file's number, which distinguishes files.</summary>
    internal void Watch(PollableFile file, EventSet interest) => Assert.Equal(0, Poller.Add(file.Number, TokenOf(file), interest));

    internal void Rewatch(PollableFile file, EventSet interest) => Assert.Equal(0, Poller.Modify(file.Number, TokenOf(file), interest));

    internal static ulong TokenOf(PollableFile file) => (ulong)file.Number;

    /// <summary>The descriptors that are ready now.</summary>
    internal Readiness[] Poll() => Poll(new ReadyBuffer(capacity: 64));

    internal Readiness[] Poll(ReadyBuffer buffer) => Wait(Deadline.Immediate, buffer);

    /// <summary>Waits on this thread.</summary>
    internal Readiness[] Wait(Deadline deadline, ReadyBuffer? buffer = null)
    {
        buffer ??= new ReadyBuffer(capacity: 64);
        Assert.Equal(0, Poller.Wait(deadline, buffer));
        return [.. Enumerable.Range(0, buffer.Count).Select(i => new Readiness(buffer[i].Token.Raw, buffer[i].Events))];
    }

    /// <summary>Waits on another thread, so that a wait that does not end fails the test instead of hanging it.</summary>
    internal BackgroundThread<Readiness[]> StartWait(Deadline deadline) => new(() => Wait(deadline));

    /// <summary>A deadline of the rig's clock.</summary>
    internal Deadline In(long nanoseconds) => Deadline.At(NowNanoseconds + nanoseconds);

    protected abstract PollableFile Open();

    protected abstract PollableFile OpenAt(int number);

    private PollableFile Keep(PollableFile file)
    {
        _files.Add(file);
        return file;
    }
}

/// <summary>One report of a poller.</summary>
internal readonly record struct Readiness(ulong Token, EventSet Events);

/// <summary>A file whose readiness a test controls.</summary>
public abstract class PollableFile(int number) : IDisposable
{
    public int Number { get; } = number;

    public abstract void BecomeReadable();

    public abstract void BecomeUnreadable();

    /// <summary>Closes the peer.</summary>
    public abstract void HangUp();

    /// <summary>Closes the peer while it has unread data: an error and a hang-up.</summary>
    public abstract void Break();

    /// <summary>Makes another number refer to the same file, until the end of the test.</summary>
    public abstract void Duplicate();

    /// <summary>Closes only the number. A second call does nothing.</summary>
    public abstract void Close();

    public abstract void Dispose();
}
