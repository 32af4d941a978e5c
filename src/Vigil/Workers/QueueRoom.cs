namespace Vigil;

/// <summary>How much work may wait in a pool, and whoever waits for room. Closing lets everybody go.</summary>
internal sealed class QueueRoom
{
    private readonly int _capacity;
    private readonly object _waiting = new();
    private int _taken;
    private int _waiters;
    private volatile bool _isClosed;

    /// <param name="capacity">How much; 0 for any amount.</param>
    public QueueRoom(int capacity) => _capacity = capacity;

    public bool IsClosed => _isClosed;

    /// <summary>Takes room for one; false where there is none, or where it is closed.</summary>
    public bool TryEnter()
    {
        if (_isClosed)
        {
            return false;
        }

        if (_capacity == 0)
        {
            return true;
        }

        // Not above the capacity for a moment only: somebody who waits could take that for no room.
        int taken = Volatile.Read(ref _taken);
        while (taken < _capacity)
        {
            int found = Interlocked.CompareExchange(ref _taken, taken + 1, taken);
            if (found == taken)
            {
                return true;
            }

            taken = found;
        }

        return false;
    }

    /// <summary>Takes room for one even where there is none; false where it is closed.</summary>
    public bool EnterRegardless()
    {
        if (_isClosed)
        {
            return false;
        }

        if (_capacity > 0)
        {
            Interlocked.Increment(ref _taken);
        }

        return true;
    }

    /// <summary>Waits for room and takes it; false where it was closed.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before there was room.</exception>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted.</exception>
    public bool WaitAndEnter(CancellationToken cancellationToken)
    {
        // Unregistered without the lock: that waits for the callback, which takes it.
        using CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(static room => ((QueueRoom)room!).WakeAll(), this);
        lock (_waiting)
        {
            // A full fence: either whoever leaves sees that somebody waits, or the room that he left is seen here.
            Interlocked.Increment(ref _waiters);
            bool hasEntered = false;
            try
            {
                while (!(hasEntered = TryEnter()) && !_isClosed)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Monitor.Wait(_waiting);
                }

                return hasEntered;
            }
            finally
            {
                Interlocked.Decrement(ref _waiters);
                if (!hasEntered)
                {
                    // The wake-up for room that somebody left may have come here, to one who does not take it.
                    Monitor.Pulse(_waiting);
                }
            }
        }
    }

    /// <summary>Gives room back.</summary>
    public void Leave()
    {
        if (_capacity > 0)
        {
            Interlocked.Decrement(ref _taken);
            if (Volatile.Read(ref _waiters) > 0)
            {
                WakeOne();
            }
        }
    }

    /// <summary>Nobody enters any more, and nobody waits.</summary>
    public void Close()
    {
        _isClosed = true;
        WakeAll();
    }

    // An interrupt of the thread that leaves must not keep anybody waiting: a worker's work may have ended before it came. It is pending again afterwards.
    private void WakeOne()
    {
        bool wasInterrupted = false;
        bool isDone = false;
        while (!isDone)
        {
            try
            {
                lock (_waiting)
                {
                    Monitor.Pulse(_waiting);
                }

                isDone = true;
            }
            catch (ThreadInterruptedException)
            {
                wasInterrupted = true;
            }
        }

        if (wasInterrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    private void WakeAll()
    {
        lock (_waiting)
        {
            Monitor.PulseAll(_waiting);
        }
    }
}
