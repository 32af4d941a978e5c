using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vigil.Sources;

/// <summary>
/// One registered file descriptor and whoever is told when it is ready. Everything that can become ready is one of these.
/// The fields belong to <see cref="SourceTable"/>, except <see cref="Data"/> and <see cref="DispatchPriority"/>, which it carries for the owner.
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

    /// <summary>The handle by which it was registered; its identity. Null for a raw number.</summary>
    public SafeHandle? Handle { get; }

    public int Number { get; }

    public FileDescriptor Fd
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Handle, Number);
    }

    /// <summary>What was asked for last, modes included.</summary>
    public EventSet Interest { get; internal set; }

    public uint Data { get; internal set; }

    public DispatchPriority DispatchPriority { get; }

    public SourceState State { get; internal set; }

    /// <summary>Whether the kernel's set has it. A disarmed source is out, and so is a one-shot that fired before a rebuild.</summary>
    public bool IsInKernel { get; internal set; }

    /// <summary>What the kernel hands back with each event: the slot and its generation.</summary>
    internal ulong Token { get; set; }

    /// <summary>The detector's memory of a source that reports Error or HangUp; null for all others. What it replaces is
    /// disposed.</summary>
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

    /// <summary>Whether its file tells each change to one look only (<see cref="SourceArming"/>); null as long as nobody had to
    /// know.</summary>
    internal bool? ReportsOnce
    {
        get => _reportsOnce == 0 ? null : _reportsOnce > 0;
        set => _reportsOnce = value is { } known ? (sbyte)(known ? 1 : -1) : (sbyte)0;
    }

    /// <summary>Whether the kernel tells each change once, as an edge, whatever was asked for.</summary>
    internal bool IsReportedByEdges => ReportsOnce == true && !Interests.HasData(Interest);

    /// <summary>
    /// Whether Vigil itself opened the descriptor and holds it. Then whatever else is registered under its number is dead, and the kernel
    /// need not be asked.
    /// </summary>
    public virtual bool IsOfVigilsOwn => false;

    /// <summary>Whoever may change and remove it.</summary>
    public abstract ICallbackOwner Owner { get; }

    /// <summary>What of these events its owner is to hear: those that are asked for, and Error and HangUp, for which nobody has to ask.</summary>
    public EventSet Deliverable(EventSet events) => events & (Interest | Interests.Unmaskable);

    /// <summary>
    /// Tells the owner. <paramref name="ready"/> holds only what is asked for, and Error and HangUp. Returns how many callbacks ran.
    /// </summary>
    public abstract int Deliver(EventSet ready);

    /// <summary>It has entered the table. Must not throw.</summary>
    public virtual void OnAdded()
    {
    }

    /// <summary>It has left the table, whoever caused that. Must not throw.</summary>
    public virtual void OnRemoved()
    {
    }
}
