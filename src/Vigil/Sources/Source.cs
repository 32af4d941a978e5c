using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vigil.Sources;

/// <summary>
/// One registered file descriptor and the callback for its readiness. Everything that can become ready is a source.
/// <see cref="SourceTable"/> owns the fields, except <see cref="Data"/> and <see cref="DispatchPriority"/>, which it carries for the owner.
/// </summary>
internal abstract class Source
{
    private SpinTrace? _spinTrace;

    // 0 for unknown. A nullable would take eight bytes of each source instead of one that is left over.
    private sbyte _reportsOnce;

    protected Source(FileDescriptor fd, EventSet interest, uint data, DispatchPriority priority)
    {
        Handle = fd.Handle;
        Number = fd.Number;
        Interest = interest;
        Data = data;
        DispatchPriority = priority;
    }

    /// <summary>The handle by which it was registered, which is its identity. Null for a raw number.</summary>
    public SafeHandle? Handle { get; }

    public int Number { get; }

    public FileDescriptor Fd
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Handle, Number);
    }

    /// <summary>The interest last requested, modes included.</summary>
    public EventSet Interest { get; internal set; }

    public uint Data { get; internal set; }

    public DispatchPriority DispatchPriority { get; }

    public SourceState State { get; internal set; }

    /// <summary>
    /// Whether it is in the kernel's set. A disarmed one is not, unless it has a <see cref="SourceArming.SilentInterest"/>. After a rebuild
    /// neither is a one-shot that was delivered.
    /// </summary>
    public bool IsInKernel { get; internal set; }

    /// <summary>The value that the kernel returns with each event: the slot and its generation.</summary>
    internal SourceToken Token { get; set; }

    /// <summary>
    /// The spin detector's record of a source that reports Error or HangUp; null for others. A replaced record is disposed.
    /// </summary>
    internal SpinTrace? SpinTrace
    {
        get => _spinTrace;
        set
        {
            if (_spinTrace is not null)
            {
                _spinTrace.Dispose();
            }

            _spinTrace = value;
        }
    }

    /// <summary>Whether a poll of its file consumes the change (<see cref="SourceArming"/>); null until that is determined.</summary>
    internal bool? ReportsOnce
    {
        get => _reportsOnce == 0 ? null : _reportsOnce > 0;
        set => _reportsOnce = value is { } known ? (sbyte)(known ? 1 : -1) : (sbyte)0;
    }

    /// <summary>Whether the kernel is asked for edges whatever mode was requested.</summary>
    internal bool IsReportedByEdges => ReportsOnce == true && !Interests.HasData(Interest);

    /// <summary>
    /// Whether Vigil itself opened the descriptor and holds it. Then any other registration of its number is dead, without asking the
    /// kernel.
    /// </summary>
    public virtual bool IsOfVigilsOwn => false;

    /// <summary>The owner, which alone may change and remove it.</summary>
    public abstract ICallbackOwner Owner { get; }

    /// <summary>The part of these events that its owner receives: the requested ones, and Error and HangUp, which are unmaskable.</summary>
    public EventSet Deliverable(EventSet events) => events & (Interest | Interests.Unmaskable);

    /// <summary>
    /// Calls the owner. <paramref name="ready"/> holds only requested events, and Error and HangUp. Returns how many callbacks ran.
    /// </summary>
    public abstract int Deliver(EventSet ready);

    /// <summary>Called when it has entered the table. Must not throw.</summary>
    public virtual void OnAdded()
    {
    }

    /// <summary>Called when it has left the table, for any reason. Must not throw.</summary>
    public virtual void OnRemoved()
    {
    }
}
