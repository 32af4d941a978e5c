using Vigil.Diagnostics;
using Vigil.Interop;
using Vigil.Threading;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// Sends messages in order, at once where the socket has room. What has to wait for room, for the next second or for the next beat is sent
/// by the watchdog's thread.
/// </summary>
/// <remarks>
/// All methods may be called by any thread. The lock spans system calls that do not wait, and no foreign code. The first message that has
/// to wait adds the channel to the sampler, where it stays; it lets the sampler sleep until something is due
/// (<see cref="Sampled.WakeAt"/>).
/// </remarks>
internal sealed class NotifyChannel : Sampled, IDisposable
{
    // Between two tries to send what waits, doubled each time.
    private const long ShortestPause = 10_000_000;
    private const long LongestPause = 1_000_000_000;

    private const int NotSampled = 0;
    private const int IsSampled = 1;

    private readonly NotifySocket _socket;
    private readonly string _address;
    private readonly Action<NotifyFailure> _report;
    private readonly Lock _gate = new();
    private readonly NotifyQueue _queue = new();
    private readonly StatusLine _status = new();
    private readonly Heartbeat _heart = new();
    private long _retryAt;
    private long _pause = ShortestPause;
    private bool _hasFailed;
    private int _sampling;
    private volatile bool _isClosed;

    /// <param name="address">The service manager's socket.</param>
    /// <param name="report">Notifies the handlers.</param>
    public NotifyChannel(NotifyAddress address, Action<NotifyFailure> report)
    {
        _address = address.Text;
        TakesDescriptors = address.TakesDescriptors;
        _report = report;
        _socket = new NotifySocket(address);
    }

    /// <summary>Whether messages may have descriptors.</summary>
    public bool TakesDescriptors { get; }

    // While it waits for nothing it does not hold up the sampler's sleep; and whoever adds something wakes the sampler.
    public override bool IsQuiet => true;

    public override void Park(bool isParked)
    {
    }

    /// <summary>Sends a message, or keeps it until the socket has room. Disposes it.</summary>
    public void Send(NotifyMessage message)
    {
        NotifyFailure? failure;
        using (Uninterrupted.Enter(_gate))
        {
            failure = SendInOrder(message, MonotonicClock.NowNanoseconds);
        }

        Finish(failure);
    }

    /// <summary>Sends a status, now or when its time has come, unless a newer one follows.</summary>
    public void SetStatus(string line)
    {
        NotifyFailure? failure;
        using (Uninterrupted.Enter(_gate))
        {
            _status.Want(line);
            failure = Turn(MonotonicClock.NowNanoseconds);
        }

        Finish(failure);
    }

    /// <summary>Sends what cannot wait, such as <c>WATCHDOG=1</c>: if the socket is full, it is lost.</summary>
    public void SendNow(byte[] text)
    {
        NotifyFailure? failure;
        using (Uninterrupted.Enter(_gate))
        {
            int errno = _isClosed ? Errno.Success : _socket.TrySend(text, []);
            failure = NotifySocket.IsTransient(errno) ? null : Judge(text, errno);
        }

        Finish(failure);
    }

    /// <summary>As <see cref="NotifySocket.SendPastOthers"/>.</summary>
    public void SendPastOthers(byte[] text)
    {
        if (!_isClosed)
        {
            _socket.SendPastOthers(text);
        }
    }

    /// <summary>From now on there is a beat in each period, while all critical loops are alive. 0: no more.</summary>
    /// <param name="period">In nanoseconds.</param>
    public void SetBeat(long period)
    {
        using (Uninterrupted.Enter(_gate))
        {
            _heart.SetPeriod(period, MonotonicClock.NowNanoseconds);
        }

        Finish(failure: null);
    }

    /// <summary>A loop without which there is no beat.</summary>
    public void Watch(CriticalLoop loop)
    {
        using (Uninterrupted.Enter(_gate))
        {
            _heart.Add(loop, MonotonicClock.NowNanoseconds);
        }

        Finish(failure: null);
    }

    /// <summary>The loop is gone.</summary>
    public void Unwatch(CriticalLoop loop)
    {
        using (Uninterrupted.Enter(_gate))
        {
            _heart.Remove(loop);
        }
    }

    /// <summary>Tries once more to send what waits, and closes the socket. What is lost is reported.</summary>
    public void Dispose()
    {
        NotifyFailure? failure;
        using (Uninterrupted.Enter(_gate))
        {
            if (_isClosed)
            {
                return;
            }

            failure = Flush(MonotonicClock.NowNanoseconds);
            if (_queue.Count > 0)
            {
                failure ??= new NotifyFailure(
                    $"The service manager's socket {_address} was full to the end: {_queue.Count} messages were lost, "
                        + $"the first of them {Peek().Name}.",
                    Errno.EAGAIN);
            }
            else
            {
                failure = SendStatus(_status.TakeLast(), MonotonicClock.NowNanoseconds) ?? failure;
            }

            while (_queue.Count > 0)
            {
                _queue.Remove().Dispose();
            }

            _isClosed = true;
            _socket.Dispose();
        }

        if (Volatile.Read(ref _sampling) == IsSampled)
        {
            Sampler.Remove(this);
        }

        Report(failure);
    }

    protected override long Sample(long now)
    {
        NotifyFailure? failure = null;
        long next = long.MaxValue;
        using (Uninterrupted.Enter(_gate))
        {
            if (!_isClosed)
            {
                // Read here: the lock may have taken its time.
                now = MonotonicClock.NowNanoseconds;
                failure = Turn(now);
                failure = Beat(now) ?? failure;
                next = DueAt;
            }
        }

        Report(failure);
        IsIdle = true;
        WakeAt = next;
        return next;
    }

    private long DueAt => Math.Min(_heart.DueAt, _queue.Count > 0 ? _retryAt : _status.DueAt);

    // Sends what is due. Under the lock, as all below.
    private NotifyFailure? Turn(long now)
    {
        if (_isClosed)
        {
            return null;
        }

        NotifyFailure? failure = _queue.Count > 0 && now >= _retryAt ? Flush(now) : null;
        if (_queue.Count == 0)
        {
            failure ??= SendStatus(_status.Take(now), now);
        }

        return failure;
    }

    private NotifyFailure? SendInOrder(NotifyMessage message, long now)
    {
        if (_isClosed)
        {
            message.Dispose();
            return null;
        }

        NotifyFailure? failure = _queue.Count > 0 ? Flush(now) : null;
        if (_queue.Count == 0)
        {
            int errno = _socket.TrySend(message.Text, message.Numbers);
            if (!NotifySocket.IsTransient(errno))
            {
                return Settle(message, errno, now) ?? failure;
            }
        }

        if (!_queue.TryAdd(message))
        {
            failure ??= Judge(message.Text, Errno.EAGAIN);
            message.Dispose();
            return failure;
        }

        if (message.Status is not null)
        {
            _status.Supersede();
        }

        if (_queue.Count == 1)
        {
            _pause = ShortestPause;
            _retryAt = now + _pause;
        }

        return failure;
    }

    private NotifyFailure? Flush(long now)
    {
        NotifyFailure? failure = null;
        while (_queue.Count > 0)
        {
            NotifyMessage message = Peek();
            int errno = _socket.TrySend(message.Text, message.Numbers);
            if (NotifySocket.IsTransient(errno))
            {
                _pause = Math.Min(2 * _pause, LongestPause);
                _retryAt = now + _pause;
                break;
            }

            failure = Settle(_queue.Remove(), errno, now) ?? failure;
        }

        return failure;
    }

    private NotifyMessage Peek() => _queue.TryPeek(out NotifyMessage? message) ? message! : throw new InvalidOperationException();

    private NotifyFailure? SendStatus(string? line, long now)
    {
        if (line is null)
        {
            return null;
        }

        byte[] text = NotifyMessage.Encode($"STATUS={line}");
        int errno = _socket.TrySend(text, []);
        if (NotifySocket.IsTransient(errno))
        {
            return null;
        }

        // Also where it is lost: the same text would be lost again.
        _status.OnSent(line, now);
        return Judge(text, errno);
    }

    private NotifyFailure? Beat(long now)
    {
        if (!_heart.IsDue(now))
        {
            return null;
        }

        int errno = _socket.TrySend(NotifyMessage.Beat, []);
        if (errno == Errno.Success)
        {
            _heart.OnBeat(now);
        }
        else
        {
            _heart.Postpone(now);
        }

        return NotifySocket.IsTransient(errno) ? null : Judge(NotifyMessage.Beat, errno);
    }

    // A message was taken, or is lost.
    private NotifyFailure? Settle(NotifyMessage message, int errno, long now)
    {
        if (errno == Errno.Success)
        {
            message.OnSent?.Invoke();
            if (message.Status is { } status)
            {
                _status.OnSent(status, now);
            }
        }

        NotifyFailure? failure = Judge(message.Text, errno);
        message.Dispose();
        return failure;
    }

    // Reported once, until a message is taken again.
    private NotifyFailure? Judge(ReadOnlySpan<byte> text, int errno)
    {
        bool isNew = errno != Errno.Success && !_hasFailed;
        _hasFailed = errno != Errno.Success;
        return !isNew
            ? null
            : new NotifyFailure(
                $"The service manager's socket {_address} does not take messages: {Errno.Describe(errno)}. {NotifyMessage.NameOf(text)} "
                    + "was lost. Further ones that are lost are not reported, until one is taken.",
                errno);
    }

    private void Finish(NotifyFailure? failure)
    {
        Report(failure);
        bool waits;
        using (Uninterrupted.Enter(_gate))
        {
            waits = !_isClosed && DueAt != long.MaxValue;
        }

        if (!waits)
        {
            return;
        }

        if (Interlocked.CompareExchange(ref _sampling, IsSampled, NotSampled) == IsSampled)
        {
            Sampler.Wake();
            return;
        }

        try
        {
            Sampler.Add(this);
            if (_isClosed)
            {
                Sampler.Remove(this);
            }
        }
        catch (EventManagerException exception)
        {
            // Without the thread, what waits is sent before the next message.
            Volatile.Write(ref _sampling, NotSampled);
            Report(new NotifyFailure(
                $"What waits for the service manager's socket {_address} is not sent yet. {exception.Message}", exception.Errno));
        }
    }

    private void Report(NotifyFailure? failure)
    {
        if (failure is not null)
        {
            _report(failure);
        }
    }
}
