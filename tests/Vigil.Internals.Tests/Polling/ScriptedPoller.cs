using Vigil.Internals.Tests.Support;
using Vigil.Interop;
using Vigil.Polling;

namespace Vigil.Internals.Tests.Polling;

/// <summary>
/// A poller without a kernel: a test opens files, makes them ready and closes them. It keeps the contract of <see cref="IPoller"/> and,
/// like epoll, keeps a registration alive while any number refers to its file. A wait with a deadline does not sleep but advances the clock
/// to it; one without waits for another thread to make something ready.
/// </summary>
internal sealed class ScriptedPoller : IPoller
{
    private const EventSet GoesWithExclusive = EventSet.In | EventSet.Out | EventSet.Error | EventSet.HangUp
        | EventSet.EdgeTriggered | EventSet.WakeUp | EventSet.Exclusive;

    // An object instead of a Lock, because a wait without a deadline is Monitor.Wait.
    private readonly object _gate = new();
    private readonly Dictionary<int, ScriptedFile> _files = [];
    private readonly Dictionary<PollerCall, Queue<int>> _failures = [];
    private List<ScriptedRegistration> _instance = [];
    private List<ScriptedRegistration>? _successor;

    /// <summary>The virtual clock.</summary>
    public long NowNanoseconds { get; private set; } = 1;

    /// <summary>Opens a file under a number.</summary>
    public void Open(int number, bool isPollable = true)
    {
        lock (_gate)
        {
            _files[number] = new ScriptedFile(isPollable);
        }
    }

    /// <summary>Makes a second number refer to the file of the first.</summary>
    public void Duplicate(int number, int duplicate)
    {
        lock (_gate)
        {
            _files[duplicate] = _files[number];
        }
    }

    public void Close(int number)
    {
        lock (_gate)
        {
            _files.Remove(number);
        }
    }

    /// <summary>Sets a file's readiness. Setting the same again is a change, too, like a second byte in a pipe.</summary>
    public void SetReady(int number, EventSet ready)
    {
        lock (_gate)
        {
            _files[number].Change(ready);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Makes a later call fail, after as many successful calls as there are leading errnos of 0.</summary>
    public void FailNext(PollerCall call, params ReadOnlySpan<int> errnos)
    {
        var queue = new Queue<int>();
        foreach (int errno in errnos)
        {
            queue.Enqueue(errno);
        }

        _failures[call] = queue;
    }

    public int Add(int fd, SourceToken token, EventSet interest)
    {
        lock (_gate)
        {
            if (Refusal(PollerCall.Add, fd, out ScriptedFile? file) is var errno and not Errno.Success)
            {
                return errno;
            }

            return AddTo(_instance, file!, fd, token, interest);
        }
    }

    public int Modify(int fd, SourceToken token, EventSet interest)
    {
        lock (_gate)
        {
            int errno = Refusal(PollerCall.Modify, fd, out ScriptedFile? file);
            ScriptedRegistration? registration = errno == Errno.Success ? Find(_instance, file!, fd) : null;
            if (registration is null)
            {
                return errno == Errno.Success ? Errno.ENOENT : errno;
            }

            if (((registration.Interest | interest) & EventSet.Exclusive) != EventSet.None)
            {
                return Errno.EINVAL;
            }

            registration.Arm(token, interest);
            return Errno.Success;
        }
    }

    public int Remove(int fd)
    {
        lock (_gate)
        {
            int errno = Refusal(PollerCall.Remove, fd, out ScriptedFile? file);
            ScriptedRegistration? registration = errno == Errno.Success ? Find(_instance, file!, fd) : null;
            if (registration is null)
            {
                return errno == Errno.Success ? Errno.ENOENT : errno;
            }

            _instance.Remove(registration);
            return Errno.Success;
        }
    }

    public int Wait(Deadline deadline, ReadyBuffer ready)
    {
        lock (_gate)
        {
            Collect(ready);
            while (ready.Count == 0 && deadline.IsInfinite)
            {
                Assert.True(Monitor.Wait(_gate, Patience.Limit), "Nothing became ready in a wait without a deadline.");
                Collect(ready);
            }

            if (ready.Count == 0)
            {
                NowNanoseconds = Math.Max(NowNanoseconds, deadline.Nanoseconds);
            }

            return Errno.Success;
        }
    }

    public int BeginRebuild()
    {
        int errno = NextFailure(PollerCall.BeginRebuild);
        _successor = errno == Errno.Success ? [] : null;
        return errno;
    }

    public int Transfer(int fd, SourceToken token, EventSet? interest)
    {
        lock (_gate)
        {
            int errno = NextFailure(PollerCall.Transfer);
            if (errno != Errno.Success)
            {
                return errno;
            }

            if (!_files.TryGetValue(fd, out ScriptedFile? file) || Find(_instance, file, fd) is null)
            {
                return Errno.ENOENT;
            }

            return interest is { } wanted ? AddTo(_successor!, file, fd, token, wanted) : Errno.Success;
        }
    }

    public void EndRebuild()
    {
        _instance = _successor!;
        _successor = null;
    }

    public void AbandonRebuild() => _successor = null;

    public void Dispose() => _instance.Clear();

    private static int AddTo(List<ScriptedRegistration> instance, ScriptedFile file, int number, SourceToken token, EventSet interest)
    {
        if (Find(instance, file, number) is not null)
        {
            return Errno.EEXIST;
        }

        if ((interest & EventSet.Exclusive) != EventSet.None && (interest & ~GoesWithExclusive) != EventSet.None)
        {
            return Errno.EINVAL;
        }

        instance.Add(new ScriptedRegistration(file, number, token, interest));
        return Errno.Success;
    }

    private static ScriptedRegistration? Find(List<ScriptedRegistration> instance, ScriptedFile file, int number) =>
        instance.Find(registration => registration.File == file && registration.Number == number);

    private int Refusal(PollerCall call, int fd, out ScriptedFile? file)
    {
        _files.TryGetValue(fd, out file);
        int errno = NextFailure(call);
        return errno != Errno.Success ? errno : file switch
        {
            null => Errno.EBADF,
            { IsPollable: false } => Errno.EPERM,
            _ => Errno.Success,
        };
    }

    private int NextFailure(PollerCall call) =>
        _failures.TryGetValue(call, out Queue<int>? errnos) && errnos.TryDequeue(out int errno) ? errno : Errno.Success;

    // Reported files go to the end, so that a small buffer starves none.
    private void Collect(ReadyBuffer ready)
    {
        ready.Count = 0;
        foreach (ScriptedRegistration registration in _instance.ToArray())
        {
            EventSet events = _files.ContainsValue(registration.File) ? registration.Reportable : EventSet.None;
            if (events == EventSet.None)
            {
                continue;
            }

            if (!ready.TryAdd(registration.Token, events))
            {
                return;
            }

            registration.NoteReported();
            _instance.Remove(registration);
            _instance.Add(registration);
        }
    }
}
