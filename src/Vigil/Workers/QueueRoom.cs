namespace Vigil;

/// <summary>A pool's queue capacity, and the senders waiting for room. Closing releases all of them.</summary>
internal sealed class QueueRoom
{
    private readonly int _capacity;
    private readonly object _waiting = new();
    private int _taken;
    private int _waiters;
    private volatile bool _isClosed;

    /// <param name="capacity">How many items may wait; 0 for no bound.</param>
    public QueueRoom(int capacity) => _capacity = capacity;

    public bool IsClosed => _isClosed;

    /// <summary>Takes room for one item; false if there is none or it is closed.</summary>
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

        // The count must not exceed the capacity even briefly: a waiter could read that as no room.
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

    /// <summary>Takes room for one item even if there is none; false if closed.</summary>
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

    /// <summary>Waits for room and takes it; false if closed meanwhile.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before there was room.</exception>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted.</exception>
    public bool WaitAndEnter(CancellationToken cancellationToken)
    {
        CancellationTokenRegistration cancellation =
            cancellationToken.UnsafeRegister(static room => ((QueueRoom)room!).WakeAll(), this);
        try
        {
            return WaitUnderLock(cancellationToken);
        }
        finally
        {
            // Not disposed, which waits for a callback that is running. That wait would end with an interrupt, and with room that was taken
            // and that nobody gives back. A callback that comes too late wakes waiters in vain.
            cancellation.Unregister();
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

    /// <summary>Refuses all further entries and releases all waiters.</summary>
    public void Close()
    {
        _isClosed = true;
        WakeAll();
    }

    private bool WaitUnderLock(CancellationToken cancellationToken)
    {
        lock (_waiting)
        {
            // A full fence: either the thread that leaves sees a waiter, or the waiter sees the room.
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
                    // The wake-up for freed room may have come to this waiter, which does not take it. Pass it on.
                    Monitor.Pulse(_waiting);
                }
            }
        }
    }

    private void WakeOne() => Wake(Monitor.Pulse);

    private void WakeAll() => Wake(Monitor.PulseAll);

    // An interrupt of the thread that leaves or closes must not cost a waiter its wake-up: the interrupt may come after a worker's work has
    // ended. It is made pending again afterwards.
    private void Wake(Action<object> pulse)
    {
        bool wasInterrupted = false;
        bool isDone = false;
        while (!isDone)
        {
            try
            {
                lock (_waiting)
                {
                    pulse(_waiting);
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
}
