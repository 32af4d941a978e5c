using System.Runtime.CompilerServices;

namespace Vigil;

/// <summary>
/// Which thread uses the manager. A run holds the claim for its whole time; between runs any thread takes it for the time of one
/// operation, so that two threads at once are told so instead of corrupting what they share. Within a claim the same thread
/// passes freely.
/// </summary>
internal sealed class ThreadClaim
{
    private const int Nobody = 0;

    // Less than the runtime keeps free for any method (RuntimeHelpers.EnsureSufficientExecutionStack: 64 KB at least), and less than is above any
    // managed frame.
    private const int StackBelowRun = 31 * 1024;
    private const int StackAboveRun = 1024;

    private readonly Action _released;
    private readonly Action _refusing;
    private readonly string _name;
    private int _owner;

    // While a run has the claim, the lowest address of a piece of its thread's stack; 0 otherwise, and where little stack is left. One word, so that
    // whoever reads it while it changes sees one or the other.
    private nuint _stackOfRun;
    private volatile bool _notifiesOfRelease;

    // The thread itself, not its id: ids of threads that ended are given out again.
    private Thread _lastRunner = Thread.CurrentThread;

    /// <param name="name">The manager's, for messages.</param>
    /// <param name="released">Called after each release from <see cref="NotifyOfRelease"/> on, on the thread that released.</param>
    /// <param name="refusing">Called before somebody is refused; may throw what tells him more.</param>
    public ThreadClaim(string name, Action released, Action refusing)
    {
        _name = name;
        _released = released;
        _refusing = refusing;
    }

    /// <summary>Whether the calling thread has the claim.</summary>
    public bool IsMine => IsRunningHere || _owner == Environment.CurrentManagedThreadId;

    /// <summary>
    /// Whether the calling thread is known to have the claim for a run. It is known by where its stack is, which costs a fifth of asking for its id.
    /// False also where the calls are nested so deeply that they have left the part of the stack that is known.
    /// </summary>
    public unsafe bool IsRunningHere
    {
        get
        {
            byte here;
            return (nuint)(&here) - _stackOfRun < StackBelowRun + StackAboveRun;
        }
    }

    /// <summary>
    /// Whether a run has the claim, and not a single operation. Also false for a run that began with little stack left. Any thread.
    /// </summary>
    public bool IsOfRun => Volatile.Read(ref _stackOfRun) != 0;

    /// <summary>Whether somebody who waits for a run on this thread would wait for himself: it runs here, or would be expected to.</summary>
    public bool WouldWaitForItself
    {
        get
        {
            int owner = Volatile.Read(ref _owner);
            return owner == Nobody
                ? Volatile.Read(ref _lastRunner) == Thread.CurrentThread
                : owner == Environment.CurrentManagedThreadId;
        }
    }

    /// <summary>Claims the manager for one operation.</summary>
    /// <exception cref="EventManagerException">Another thread has it.</exception>
    public Scope Enter()
    {
        if (IsMine)
        {
            return default;
        }

        if (TryTake())
        {
            return new Scope(this);
        }

        _refusing();
        throw new EventManagerException(
            EventManagerError.WrongThread,
            $"{_name} is in use by another thread (managed thread id {Volatile.Read(ref _owner)}). Use its RemoteEndpoint, which any thread may call.");
    }

    /// <summary>Claims the manager for a run.</summary>
    /// <exception cref="EventManagerException">Another thread has it, or this one has it already.</exception>
    public unsafe Scope EnterRun()
    {
        if (IsMine)
        {
            throw new EventManagerException(EventManagerError.Reentrant, $"{_name} is running already, on this very thread: a callback cannot run the loop that called it.");
        }

        Scope claim = Enter();
        Volatile.Write(ref _lastRunner, Thread.CurrentThread);
        if (RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            byte here;
            _stackOfRun = (nuint)(&here) - StackBelowRun;
        }

        return claim;
    }

    /// <summary>Takes the claim for one operation if nobody has it, or if the calling thread has it already.</summary>
    public bool TryEnter(out Scope scope)
    {
        if (IsMine)
        {
            scope = default;
            return true;
        }

        bool isTaken = TryTake();
        scope = isTaken ? new Scope(this) : default;
        return isTaken;
    }

    /// <summary>Takes the claim if nobody has it.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _owner, Environment.CurrentManagedThreadId, Nobody) == Nobody;

    /// <summary>From now on a release is told: something waits that only the claim's holder may do. The caller tries to take the claim afterwards.</summary>
    public void NotifyOfRelease() => _notifiesOfRelease = true;

    /// <summary>Gives the claim back. A full fence, so that either this sees the wish to be told, or the wisher sees the claim free.</summary>
    public void Release()
    {
        _stackOfRun = 0;
        Interlocked.Exchange(ref _owner, Nobody);
        if (_notifiesOfRelease)
        {
            _released();
        }
    }

    /// <summary>Ends a claim; the claims within it end nothing.</summary>
    public readonly ref struct Scope
    {
        private readonly ThreadClaim? _claim;

        internal Scope(ThreadClaim claim) => _claim = claim;

        public void Dispose() => _claim?.Release();
    }
}
