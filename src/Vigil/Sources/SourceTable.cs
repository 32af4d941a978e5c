using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Vigil.Collections;
using Vigil.Interop;
using Vigil.Polling;

namespace Vigil.Sources;

/// <summary>Is notified of a registration that ended, or was disarmed, without a call by its owner, with the reason.</summary>
internal delegate void SourceDropped(Source source, EventManagerError reason);

/// <summary>
/// All registered file descriptors of one manager: by number for changes, by token for dispatch.
/// </summary>
/// <remarks>
/// <para>Invariants. A number has at most one source. A source's token is alive exactly as long as the source is in the table;
/// <see cref="SourceArming"/> renews it whenever events that the kernel already reported must not reach the source any more.</para>
/// <para>Closed files. The kernel drops a closed file silently, and the number is soon another file's. A source with a closed
/// handle is dropped when it is next accessed. A closed raw number cannot be detected: the kernel is asked when the number is
/// added again, and if it accepts the number, the old source was dead.</para>
/// <para>Duplicates. A registration that a duplicate of its closed descriptor keeps alive cannot be removed. Its events carry a dead
/// token. A token that dies while its batch is handled is expected; any other is counted, and after
/// <see cref="OrphanLimit"/> of them <see cref="NeedsRebuild"/> requests a fresh instance of the poller.</para>
/// <para>The per-event path is force-inlined, rare paths are not: without a profile the JIT decides by size alone.</para>
/// </remarks>
internal sealed class SourceTable
{
    /// <summary>
    /// The number of orphans' events after which the poller is rebuilt. High enough that a rebuild costs little in comparison.
    /// </summary>
    public const int OrphanLimit = 32;

    private readonly IPoller _poller;
    private readonly SourceDropped _dropped;
    private readonly SourceDropped _droppedForOwn;
    private readonly SlotTable<Source> _slots = new();
    private readonly DescriptorMap<Source> _byNumber = new();
    private int _orphanedEvents;

    /// <param name="poller">Monitors the descriptors.</param>
    /// <param name="queries">Answers questions about them.</param>
    /// <param name="dropped">Is notified when the table is consistent, and may change it.</param>
    /// <param name="droppedForOwn">
    /// Is notified instead where a descriptor of Vigil's own has the number. Whoever adds that is in the middle of something, so this must
    /// run no foreign code.
    /// </param>
    /// <param name="unhandledHangUpLimit">The limit of <see cref="SpinDetector"/>.</param>
    public SourceTable(
        IPoller poller, DescriptorQueries queries, SourceDropped dropped, SourceDropped droppedForOwn, int unhandledHangUpLimit)
    {
        _poller = poller;
        Queries = queries;
        _dropped = dropped;
        _droppedForOwn = droppedForOwn;
        Arming = new SourceArming(poller, queries, _slots, Injected);
        SpinDetector = new SpinDetector(this, unhandledHangUpLimit);
    }

    /// <summary>Changes the interest and the armed state of sources in the table.</summary>
    public SourceArming Arming { get; }

    public SpinDetector SpinDetector { get; }

    /// <summary>Answers questions about the descriptors.</summary>
    public DescriptorQueries Queries { get; }

    /// <summary>Events that did not come from a wait and are still to be delivered, in this order.</summary>
    public Queue<InjectedEvent> Injected { get; } = new();

    public int Count => _slots.Count;

    /// <summary>The number of sources without normal dispatch priority. If there are none, dispatch needs no sorting.</summary>
    public int PrioritizedCount { get; private set; }

    public bool NeedsRebuild => _orphanedEvents >= OrphanLimit;

    /// <summary>The number of stale events: their source was changed or removed while their batch was handled.</summary>
    public long StaleEvents { get; private set; }

    /// <summary>The number of orphaned events: their source was gone before.</summary>
    public long OrphanedEvents { get; private set; }

    public IEnumerable<Source> Sources => _slots.Values();

    public SourceResult Add(Source source)
    {
        int number = source.Number;
        if (!Interests.IsValid(source.Interest))
        {
            return new SourceResult(EventManagerError.InvalidInterest, number);
        }

        if (number < 0 || source.Fd.IsClosed)
        {
            return new SourceResult(EventManagerError.InvalidDescriptor, number);
        }

        Source? holder = _byNumber[number];
        EventManagerError death = DeathOf(holder, source);
        bool isHeld = holder is not null && death == EventManagerError.None;
        if (holder is not null && !isHeld)
        {
            Disown(holder);
            Forget(holder);
        }

        SourceResult result = Enter(source, isHeld ? holder : null);
        if (isHeld && result.IsSuccess)
        {
            death = EventManagerError.DescriptorReplaced;
        }

        // Last, when the table is consistent: a handler may change it, and may remove the owner of the new source.
        if (death != EventManagerError.None)
        {
            SourceDropped dropped = source.IsOfVigilsOwn ? _droppedForOwn : _dropped;
            dropped(holder!, death);
        }

        return result;
    }

    /// <summary>Finds an owner's registration. A source whose handle is closed counts as gone and is dropped.</summary>
    public SourceResult Find(object owner, FileDescriptor fd, out Source? source)
    {
        source = LiveHolderOf(fd.Number);
        bool isNamed = source is not null && !fd.IsClosed && (fd.Handle is null || source.Handle is null || source.Handle == fd.Handle);
        if (!isNamed)
        {
            source = null;
            return new SourceResult(EventManagerError.NotRegistered, fd.Number);
        }

        return source!.Owner == owner
            ? SourceResult.Success
            : new SourceResult(EventManagerError.NotOwner, fd.Number, Owner: source.Owner);
    }

    /// <summary>
    /// Re-arms a source that was delivered, because its callback has ended: it reports again, beginning with what is ready now. A source
    /// that only repeats an unhandled Error or HangUp is disarmed instead, or removed if its number is dead, and its owner is notified.
    /// </summary>
    /// <param name="source">The source, in the table.</param>
    /// <param name="delivered">The events that its callback received.</param>
    /// <returns>Success, also if the source was stopped or removed; otherwise the kernel's refusal, and the source is disarmed.</returns>
    public SourceResult RearmAfterCallback(Source source, EventSet delivered)
    {
        EventManagerError stopped = (delivered & Interests.Unmaskable) != EventSet.None
            ? SpinDetector.StopRepetition(source)
            : EventManagerError.None;
        if (stopped != EventManagerError.None)
        {
            _dropped(source, stopped);
            return SourceResult.Success;
        }

        SourceResult result = Arming.Rearm(source);
        if (result.IsOfDeadNumber)
        {
            DropDead(source, result);
            return SourceResult.Success;
        }

        if (!result.IsSuccess)
        {
            _ = Arming.Disarm(source);
        }

        return result;
    }

    /// <summary>
    /// Ends a registration. Always succeeds: for a number that was closed without removing it the kernel answers EBADF, ENOENT
    /// or, if the number is a regular file's now, EPERM; then there is nothing left to remove. Nor is there for a dropped source.
    /// If a poller of the program's own throws, the source has left the table all the same.
    /// </summary>
    public void Remove(Source source)
    {
        if (!IsRegistered(source))
        {
            return;
        }

        try
        {
            if (source.IsInKernel)
            {
                using var fd = new BorrowedDescriptor(source.Fd);
                if (fd.Number >= 0 && Queries.IsOfAnotherFile(_poller.Remove(fd.Number), fd.Number))
                {
                    Disown(source);
                }
            }
        }
        finally
        {
            Forget(source);
        }
    }

    /// <summary>
    /// The kernel has answered that a source's number does not name its file any more: drops the source and notifies its owner. Vigil does
    /// not close such a number, not even one that is out of the kernel's set by now, for which the kernel has no answer later.
    /// </summary>
    public void DropDead(Source source, SourceResult answer)
    {
        if (Queries.IsOfAnotherFile(answer.Errno, source.Number))
        {
            Disown(source);
        }

        Remove(source);
        _dropped(source, EventManagerError.DescriptorReplaced);
    }

    /// <summary>
    /// Before an armed descriptor of Vigil's own is read although the kernel has not reported it: asks whether the number is still its
    /// file's. If not, the source is dropped, and false returned.
    /// </summary>
    public bool IsStillOfItsFile(Source source)
    {
        SourceResult answer = Arming.AskKernel(source);
        if (answer.IsOfDeadNumber)
        {
            DropDead(source, answer);
        }

        return !answer.IsOfDeadNumber;
    }

    /// <summary>
    /// Drops a source whose handle was closed by its own callback. That is a way to end a registration, and is not reported.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ForgetIfClosed(Source source)
    {
        if (source.Handle is { IsClosed: true } && IsRegistered(source))
        {
            Forget(source);
        }
    }

    /// <summary>Before a batch of events is requested: dead tokens of earlier batches are not expected any more.</summary>
    public void BeginBatch() => _slots.Epoch++;

    /// <summary>
    /// Resolves a token. Returns false, and counts the event, if its source is gone or was disarmed or re-armed since; drops a source whose
    /// handle is closed.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryResolve(SourceToken token, [NotNullWhen(true)] out Source? source)
    {
        if (!_slots.TryGet(token, out source))
        {
            NoteDeadToken(token);
            return false;
        }

        return !DropIfClosed(source);
    }

    /// <summary>If a registered source's handle was closed, drops it, notifies its owner and returns true.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool DropIfClosed(Source source)
    {
        if (source.Handle is { IsClosed: true })
        {
            Drop(source, EventManagerError.HandleClosed);
            return true;
        }

        return false;
    }

    /// <summary>Drops every source whose handle was closed, and notifies its owner.</summary>
    public void DropClosed()
    {
        foreach (Source source in _slots.Values().Where(source => source.Handle is { IsClosed: true }).ToArray())
        {
            if (IsRegistered(source))
            {
                Drop(source, EventManagerError.HandleClosed);
            }
        }
    }

    /// <summary>The dispatch priority of a token's source; normal for a dead token.</summary>
    public DispatchPriority PriorityOf(SourceToken token) =>
        _slots.TryGet(token, out Source? source) ? source.DispatchPriority : DispatchPriority.Normal;

    /// <summary>Whether the source is still registered under its number and token.</summary>
    public bool IsRegistered(Source source) => _slots.TryGet(source.Token, out Source? holder) && holder == source;

    /// <summary>
    /// Moves all live registrations, in their armed state, to a fresh instance of the poller, which gets rid of orphans.
    /// Returns an errno; on failure the old instance stays in use.
    /// </summary>
    public int Rebuild()
    {
        PostponeRebuild();
        int errno = _poller.BeginRebuild();
        if (errno != Errno.Success)
        {
            return errno;
        }

        // Handlers may change the table, so dead sources are reported when the table is consistent again.
        List<(Source Source, EventManagerError Reason)> dead = [];
        foreach (Source source in _slots.Values().ToArray())
        {
            errno = Transfer(source, dead);
            if (errno != Errno.Success)
            {
                break;
            }
        }

        if (errno != Errno.Success)
        {
            _poller.AbandonRebuild();
        }
        else
        {
            _poller.EndRebuild();
            _orphanedEvents = 0;
            foreach (Source source in _slots.Values().Where(source => source.State != SourceState.Armed))
            {
                source.IsInKernel &= SourceArming.SilentInterest(source) is not null;
            }
        }

        foreach ((Source source, EventManagerError reason) in dead)
        {
            _dropped(source, reason);
        }

        return errno;
    }

    /// <summary>Lets the next event of an orphan request a rebuild again.</summary>
    public void PostponeRebuild() => _orphanedEvents = OrphanLimit - 1;

    // Why the holder of a number is dead, if that is known without the kernel.
    private static EventManagerError DeathOf(Source? holder, Source successor) => holder switch
    {
        null => EventManagerError.None,
        { Handle.IsClosed: true } => EventManagerError.HandleClosed,

        // The number is that of a file which Vigil opened and holds.
        _ => successor.IsOfVigilsOwn ? EventManagerError.DescriptorReplaced : EventManagerError.None,
    };

    // The holder is the number's, unless it is known to be dead. If the kernel accepts the number, the holder is dead, and is forgotten.
    private SourceResult Enter(Source source, Source? holder)
    {
        int number = source.Number;
        if (holder is { IsInKernel: false })
        {
            // Disarmed, so not in the kernel's set: the kernel would accept the number without knowing of the source.
            return new SourceResult(EventManagerError.AlreadyRegistered, number, Owner: holder.Owner);
        }

        SourceToken token = _slots.Add(source);
        int errno = Register(source, token, mayTakeOver: holder is null);
        if (errno != Errno.Success)
        {
            _slots.Remove(token);
            return SourceResult.FromErrno(errno, number, holder?.Owner);
        }

        if (holder is not null)
        {
            Disown(holder);
            Forget(holder);
        }

        source.Token = token;
        source.IsInKernel = true;
        source.State = SourceState.Armed;
        _byNumber[number] = source;
        PrioritizedCount += source.DispatchPriority == DispatchPriority.Normal ? 0 : 1;
        source.OnAdded();
        return SourceResult.Success;
    }

    private int Register(Source source, SourceToken token, bool mayTakeOver)
    {
        using var fd = new BorrowedDescriptor(source.Fd);
        return fd.Number < 0 ? Errno.EBADF : Arming.Register(source, fd.Number, token, source.Interest, mayTakeOver);
    }

    private int Transfer(Source source, List<(Source, EventManagerError)> dead)
    {
        if (!source.IsInKernel)
        {
            return Errno.Success;
        }

        using var fd = new BorrowedDescriptor(source.Fd);
        EventSet? interest = source.State == SourceState.Armed && fd.Number >= 0
            ? Arming.KernelsInterest(source, fd.Number, source.Interest)
            : SourceArming.SilentInterest(source);
        int errno = fd.Number < 0 ? Errno.ENOENT : _poller.Transfer(fd.Number, source.Token, interest);
        if (errno != Errno.ENOENT)
        {
            return errno;
        }

        EventManagerError reason = fd.Number < 0 ? EventManagerError.HandleClosed : EventManagerError.DescriptorReplaced;
        Disown(source);
        Forget(source);
        dead.Add((source, reason));
        return Errno.Success;
    }

    // Repeated after each drop: the handler that is notified may register the number itself.
    private Source? LiveHolderOf(int number)
    {
        Source? holder = number < 0 ? null : _byNumber[number];
        while (holder is { Handle.IsClosed: true })
        {
            Drop(holder, EventManagerError.HandleClosed);
            holder = _byNumber[number];
        }

        return holder;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Drop(Source source, EventManagerError reason)
    {
        Disown(source);
        Forget(source);
        _dropped(source, reason);
    }

    // The number of a descriptor of Vigil's own turned out to be another file's, or to be closed: foreign code closed it. Its handle must
    // not close it again. The handles of others are theirs.
    private static void Disown(Source source)
    {
        if (source.IsOfVigilsOwn)
        {
            source.Handle?.SetHandleAsInvalid();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Forget(Source source)
    {
        _slots.Remove(source.Token);
        if (_byNumber[source.Number] == source)
        {
            _byNumber[source.Number] = null;
        }

        PrioritizedCount -= source.DispatchPriority == DispatchPriority.Normal ? 0 : 1;
        source.IsInKernel = false;
        source.State = SourceState.Removed;
        source.SpinTrace = null;
        source.OnRemoved();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void NoteDeadToken(SourceToken token)
    {
        if (_slots.WasRetiredInThisEpoch(token))
        {
            StaleEvents++;
        }
        else
        {
            OrphanedEvents++;
            _orphanedEvents++;
        }
    }
}
