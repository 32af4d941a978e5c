using Vigil.Collections;
using Vigil.Interop;
using Vigil.Polling;

namespace Vigil.Sources;

/// <summary>
/// Changes the interest of sources that are in the table, and arms and disarms them.
/// </summary>
/// <remarks>
/// <para>The token is renewed, so that events already reported by the kernel do not reach the source, in three cases: the source is
/// disarmed; it is armed; it is a modified one-shot, whose pending event belongs to the arming that the modification replaces.</para>
/// <para>The kernel polls a file when it is added or modified, so a lasting state is not lost. For some files polling consumes the change:
/// <c>/proc/self/mountinfo</c>, pressure files and <c>/proc/sys</c> report each change to one poll only. The wait polls once more, and
/// misses what the registration saw. Such files have no data to read on a change; they report Priority and Error. So if only such kinds
/// are requested of a file of procfs or cgroupfs, two things differ. The kernel is asked for edges in any mode: each change is one edge,
/// and a level would report no more. And before such a file is registered or modified it is polled with <c>poll(2)</c>, and the result is
/// injected.</para>
/// </remarks>
internal sealed class SourceArming
{
    private readonly IPoller _poller;
    private readonly DescriptorQueries _queries;
    private readonly SlotTable<Source> _slots;
    private readonly Queue<InjectedEvent> _injected;

    public SourceArming(IPoller poller, DescriptorQueries queries, SlotTable<Source> slots, Queue<InjectedEvent> injected)
    {
        _poller = poller;
        _queries = queries;
        _slots = slots;
        _injected = injected;
    }

    /// <summary>
    /// Replaces interest and data. Re-arms a one-shot that was delivered. A disarmed source stays disarmed and keeps the new interest.
    /// </summary>
    public SourceResult Modify(Source source, EventSet interest, uint data)
    {
        if (!Interests.IsValid(interest))
        {
            return new SourceResult(EventManagerError.InvalidInterest, source.Number);
        }

        if (Interests.IsExclusive(source.Interest) || Interests.IsExclusive(interest))
        {
            return new SourceResult(EventManagerError.ExclusiveNotModifiable, source.Number);
        }

        bool nothingToSay = source.State == SourceState.Disarmed
            || (interest == source.Interest && Interests.IsPlainLevelTriggered(interest));
        if (!nothingToSay)
        {
            SourceResult result = Rearm(source, interest);
            if (!result.IsSuccess)
            {
                return result;
            }
        }

        source.Interest = interest;
        source.Data = data;
        source.SpinTrace = null;
        return SourceResult.Success;
    }

    /// <summary>Silences a source but keeps it in the table; in the kernel's set only with a <see cref="SilentInterest"/>.</summary>
    public SourceResult Disarm(Source source)
    {
        EventSet? silent = source.IsInKernel ? SilentInterest(source) : null;
        if (source.IsInKernel)
        {
            using var fd = new BorrowedDescriptor(source.Fd);
            int errno = silent is { } interest
                ? _poller.Modify(fd.Number, _slots.PeekRenewed(source.Token), interest)
                : _poller.Remove(fd.Number);
            if (errno != Errno.Success)
            {
                return SourceResult.FromErrno(errno, source.Number, source.Owner);
            }
        }

        Silence(source, staysInKernel: silent is not null);
        return SourceResult.Success;
    }

    /// <summary>Lets a disarmed source, or a one-shot that was delivered, report again, beginning with what is ready now.</summary>
    public SourceResult Arm(Source source)
    {
        if (source.State == SourceState.Armed)
        {
            return SourceResult.Success;
        }

        source.SpinTrace = null;
        return Rearm(source, source.Interest);
    }

    /// <summary>
    /// Re-arms a source that was delivered, because its callback has ended. Unlike <see cref="Arm"/> it keeps the spin detector's record:
    /// the end of a callback does not mean that the owner handled the event.
    /// </summary>
    public SourceResult Rearm(Source source) => Rearm(source, source.Interest);

    /// <summary>A one-shot is about to be delivered: the kernel has silenced it.</summary>
    public static void MarkDelivered(Source source) => source.State = SourceState.Delivered;

    /// <summary>Before the caller delivers an injected event of a one-shot: silences the source, as the kernel would have.</summary>
    public SourceResult SilenceForDelivery(Source source)
    {
        SourceResult result = Disarm(source);
        if (result.IsSuccess)
        {
            MarkDelivered(source);
        }

        return result;
    }

    /// <summary>Registers a source with the kernel, under a token. Returns an errno.</summary>
    /// <param name="source">The source.</param>
    /// <param name="fd">Its number, borrowed.</param>
    /// <param name="token">The token of its events.</param>
    /// <param name="interest">The requested interest.</param>
    /// <param name="mayTakeOver">Whether an existing registration has no owner: it is an orphan's whose number names the same file
    /// again.</param>
    public int Register(Source source, int fd, SourceToken token, EventSet interest, bool mayTakeOver)
    {
        interest = KernelsInterest(source, fd, interest);
        int errno = _poller.Add(fd, token, interest);
        if (errno != Errno.EEXIST || !mayTakeOver)
        {
            return errno;
        }

        // Not modified: the kernel refuses that if either is exclusive.
        errno = _poller.Remove(fd);
        return errno == Errno.Success ? _poller.Add(fd, token, interest) : errno;
    }

    /// <summary>
    /// Asks the kernel whether it still knows an armed source by its number; if not, the answer is
    /// <see cref="SourceResult.IsOfDeadNumber"/>. The kernel polls the file again, so its state is reported, also that of an edge-triggered
    /// one.
    /// </summary>
    public SourceResult AskKernel(Source source)
    {
        using var fd = new BorrowedDescriptor(source.Fd);
        int errno = fd.Number < 0 ? Errno.EBADF : _poller.Modify(fd.Number, source.Token, source.Interest);
        return errno == Errno.Success ? SourceResult.Success : SourceResult.FromErrno(errno, source.Number, source.Owner);
    }

    /// <summary>
    /// The interest that a silent source has in the kernel's set, and null if it must not be there. An owner's must not, since Error and
    /// HangUp are unmaskable. An inotify instance and the signalfd report neither, and they stay. So the kernel, which looks for the pair
    /// of file and number, says later whether the number is still theirs.
    /// </summary>
    public static EventSet? SilentInterest(Source source) =>
        source.IsOfVigilsOwn && Interests.HasData(source.Interest) ? EventSet.OneShot : null;

    /// <summary>
    /// The interest to request from the kernel for an owner's interest. For a file whose poll consumes the change, this polls it and
    /// injects the result.
    /// </summary>
    public EventSet KernelsInterest(Source source, int fd, EventSet interest)
    {
        if (Interests.HasData(interest) || Interests.IsExclusive(interest))
        {
            return interest;
        }

        source.ReportsOnce ??= _queries.ReportsChangesOnce(fd);
        if (source.ReportsOnce == false)
        {
            return interest;
        }

        EventSet told = _queries.ReadyNow(fd, interest & Interests.Kinds);
        if (told != EventSet.None)
        {
            _injected.Enqueue(new InjectedEvent(source, told));
        }

        return interest | EventSet.EdgeTriggered;
    }

    private SourceResult Rearm(Source source, EventSet interest)
    {
        using var fd = new BorrowedDescriptor(source.Fd);
        if (fd.Number < 0)
        {
            return new SourceResult(EventManagerError.InvalidDescriptor, source.Number);
        }

        // The token is renewed only after the kernel accepted: a refusal must leave the old one alive.
        bool renews = Interests.IsOneShot(source.Interest) || Interests.IsOneShot(interest) || !source.IsInKernel;
        SourceToken token = renews ? _slots.PeekRenewed(source.Token) : source.Token;
        int errno = source.IsInKernel
            ? _poller.Modify(fd.Number, token, KernelsInterest(source, fd.Number, interest))
            : Register(source, fd.Number, token, interest, mayTakeOver: true);

        if (errno != Errno.Success)
        {
            return SourceResult.FromErrno(errno, source.Number, source.Owner);
        }

        source.Token = renews ? _slots.Renew(source.Token) : token;
        source.IsInKernel = true;
        source.State = SourceState.Armed;
        return SourceResult.Success;
    }

    private void Silence(Source source, bool staysInKernel)
    {
        source.Token = _slots.Renew(source.Token);
        source.IsInKernel = staysInKernel;
        source.State = SourceState.Disarmed;
    }
}
