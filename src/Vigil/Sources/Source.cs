using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vigil.Sources;

/// <summary>
/// One registered file descriptor and whoever is told when it is ready. Everything that can become ready is one of these.
/// The fields belong to <see cref="SourceTable"/>, except <see cref="Data"/> and <see cref="DispatchPriority"/>, which it carries for the owner.
/// </summary>
internal abstract class Source
{
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

    /// <summary>The detector's memory of a source that reports Error or HangUp; null for all others.</summary>
    internal SpinTrace? SpinTrace { get; set; }

    /// <summary>Whoever may change and remove it.</summary>
    public abstract object Owner { get; }

    /// <summary>What of these events its owner is to hear: those that are asked for, and Error and HangUp, for which nobody has to ask.</summary>
    public EventSet Deliverable(EventSet events) => events & (Interest | Interests.Always);

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
