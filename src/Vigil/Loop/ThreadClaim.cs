using System.Runtime.CompilerServices;
using Vigil.Recording;

namespace Vigil;

/// <summary>
/// The claim of one thread on the manager. A run holds it throughout; between runs any thread takes it for one operation. So two threads
/// at once get an exception instead of corrupting shared state. Claims nest on the same thread.
/// </summary>
internal sealed class ThreadClaim : ILoopClaim
{
    private const int Nobody = 0;

    // Less than the runtime keeps free for any method (RuntimeHelpers.EnsureSufficientExecutionStack: at least 64 KB), and less than the
    // stack above any managed frame.
    private const int StackBelowRun = 31 * 1024;
    private const int StackAboveRun = 1024;

    private readonly Action _released;
    private readonly Action _refusing;
    private readonly string _name;
    private int _owner;

    // While a run holds the claim, the lowest address of a part of its thread's stack; otherwise, or if little stack is left, 0. One word,
    // so that readers see the old value or the new one.
    private nuint _stackOfRun;
    private volatile bool _notifiesOfRelease;

    // The thread itself, not its id: ids are reused after a thread ends.
    private Thread _lastRunner = Thread.CurrentThread;

    /// <param name="name">The manager's name, for messages.</param>
    /// <param name="released">Called on the releasing thread after each release, once <see cref="NotifyOfRelease"/> was called.</param>
    /// <param name="refusing">Called before a thread is refused; may throw a more specific exception.</param>
    public ThreadClaim(string name, Action released, Action refusing)
    {
        _name = name;
        _released = released;
        _refusing = refusing;
    }

    /// <summary>Whether the calling thread has the claim.</summary>
    public bool IsMine => IsRunningHere || _owner == Environment.CurrentManagedThreadId;

    /// <summary>
    /// Whether the calling thread is known to hold the claim for a run. Comparing stack addresses costs a fifth of getting the thread's id.
    /// Also false if the calls are nested so deeply that they have left the known part of the stack.
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
    /// Whether a run holds the claim, as opposed to a single operation. Also false for a run that began with little stack left. Any thread.
    /// </summary>
    public bool IsOfRun => Volatile.Read(ref _stackOfRun) != 0;

    /// <inheritdoc/>
    public bool IsOfThisThread => IsRunningHere || WouldWaitForItself;

    /// <summary>Whether waiting for a run on this thread would deadlock: the manager runs here, or would be expected to.</summary>
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
    /// <exception cref="EventManagerException">Another thread has the claim.</exception>
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
            $"{_name} is in use by another thread (managed thread id {Volatile.Read(ref _owner)}). "
                + "Use its RemoteEndpoint, which any thread may call.");
    }

    /// <summary>Claims the manager for a run.</summary>
    /// <exception cref="EventManagerException">Another thread has the claim, or this one has it already.</exception>
    public unsafe Scope EnterRun()
    {
        if (IsMine)
        {
            throw new EventManagerException(
                EventManagerError.Reentrant,
                $"{_name} is running already, on this very thread: a callback cannot run the loop that called it.");
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

    /// <summary>Takes the claim for one operation if it is free, or if the calling thread holds it already.</summary>
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

    /// <summary>Takes the claim if it is free.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _owner, Environment.CurrentManagedThreadId, Nobody) == Nobody;

    /// <summary>
    /// From now on each release is reported: work waits that needs the claim. The caller tries to take the claim afterwards.
    /// </summary>
    public void NotifyOfRelease() => _notifiesOfRelease = true;

    /// <summary>
    /// Releases the claim. A full fence: either this thread sees the request for notification, or the requester sees the claim free.
    /// </summary>
    public void Release()
    {
        _stackOfRun = 0;
        Interlocked.Exchange(ref _owner, Nobody);
        if (_notifiesOfRelease)
        {
            _released();
        }
    }

    /// <summary>Ends a claim. Nested claims end nothing.</summary>
    public readonly ref struct Scope
    {
        private readonly ThreadClaim? _claim;

        internal Scope(ThreadClaim claim) => _claim = claim;

        public void Dispose() => _claim?.Release();
    }
}
