using Vigil.Collections;
using Vigil.Interop;
using Vigil.Polling;

namespace Vigil.Sources;

/// <summary>
/// Changes the interest of sources that are in the table, and arms and disarms them.
/// </summary>
/// <remarks>
/// <para>A token is renewed, so that what the kernel already reported does not reach its source, in three cases: the source is disarmed;
/// it is armed; it is a one-shot and modified, since its pending event belongs to the arming that the modification replaces.</para>
/// <para>The kernel looks at whatever is added or modified, so nothing that is still true is lost. There are files for which looking is
/// taking: the poll of <c>/proc/self/mountinfo</c>, of pressure files and of <c>/proc/sys</c> tells each change to one look only, and the
/// wait, which looks once more,
/// hears nothing of what the registration saw. They have nothing to read when it comes; they report Priority and Error. So where only such
/// kinds are asked for of a file of
/// procfs or cgroupfs, the kernel is asked for edges, whatever the mode: each change is one, and a level would say no more. And before such
/// a file is
/// registered or modified it is looked at with <c>poll(2)</c>, and what that says is injected.</para>
/// </remarks>
internal sealed class SourceArming
{
    private readonly IPoller _poller;
    private readonly SlotTable<Source> _slots;
    private readonly Queue<InjectedEvent> _injected;

    public SourceArming(IPoller poller, SlotTable<Source> slots, Queue<InjectedEvent> injected)
    {
        _poller = poller;
        _slots = slots;
        _injected = injected;
    }

    /// <summary>Replaces interest and data. Arms a fired one-shot; what is disarmed stays so and remembers.</summary>
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

    /// <summary>Silences a source without forgetting it, by taking it out of the kernel's set: Error and HangUp cannot be masked.</summary>
    public SourceResult Disarm(Source source)
    {
        if (source.IsInKernel)
        {
            using var fd = new BorrowedDescriptor(source.Fd);
            int errno = _poller.Remove(fd.Number);
            if (errno != Errno.Success)
            {
                return SourceResult.FromErrno(errno, source.Number, source.Owner);
            }
        }

        Silence(source);
        return SourceResult.Success;
    }

    /// <summary>Lets a disarmed source or a fired one-shot report again, beginning with what is ready now.</summary>
    public SourceResult Arm(Source source)
    {
        if (source.State == SourceState.Armed)
        {
            return SourceResult.Success;
        }

        source.SpinTrace = null;
        return Rearm(source, source.Interest);
    }

    /// <summary>Lets a source that fired report again because its callback has ended, which is no sign that its owner did anything about it.</summary>
    public SourceResult Rearm(Source source) => Rearm(source, source.Interest);

    /// <summary>A one-shot is about to be delivered: the kernel has silenced it.</summary>
    public static void MarkFired(Source source) => source.State = SourceState.Fired;

    /// <summary>A one-shot is about to be delivered without the kernel's doing: it must be silenced first, as the kernel would.</summary>
    public SourceResult Fire(Source source)
    {
        SourceResult result = Disarm(source);
        if (result.IsSuccess)
        {
            MarkFired(source);
        }

        return result;
    }

    /// <summary>Registers a source with the kernel, under a token. Returns an errno.</summary>
    /// <param name="source">The source.</param>
    /// <param name="fd">Its number, borrowed.</param>
    /// <param name="token">What its events are to carry.</param>
    /// <param name="interest">What is asked for.</param>
    /// <param name="mayTakeOver">Whether a registration that is there already is nobody's: that of an orphan whose number names the same
    /// file again.</param>
    public int Register(Source source, int fd, ulong token, EventSet interest, bool mayTakeOver)
    {
        interest = KernelsInterest(source, fd, interest);
        int errno = _poller.Add(fd, token, interest);
        if (errno != Errno.EEXIST || !mayTakeOver)
        {
            return errno;
        }

        // Not modified: that is refused where either is exclusive.
        errno = _poller.Remove(fd);
        return errno == Errno.Success ? _poller.Add(fd, token, interest) : errno;
    }

    /// <summary>Whether the kernel still knows an armed source, level-triggered, by its number. It looks at the file once more, so what is
    /// true then is reported.</summary>
    public bool IsKnownToKernel(Source source)
    {
        using var fd = new BorrowedDescriptor(source.Fd);
        int errno = fd.Number < 0 ? Errno.EBADF : _poller.Modify(fd.Number, source.Token, source.Interest);
        return errno is not (Errno.EBADF or Errno.ENOENT or Errno.EPERM);
    }

    /// <summary>
    /// What the kernel is asked for where a source's owner asks for an interest. Of a file that tells each change once this takes what it
    /// has to tell, and injects it.
    /// </summary>
    public EventSet KernelsInterest(Source source, int fd, EventSet interest)
    {
        if (Interests.HasData(interest) || Interests.IsExclusive(interest))
        {
            return interest;
        }

        source.ReportsOnce ??= FileNative.ReportsChangesOnce(fd);
        if (source.ReportsOnce == false)
        {
            return interest;
        }

        EventSet told = (EventSet)PollNative.Look(fd, (short)(interest & Interests.Kinds));
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

        // The token is renewed only when the kernel has agreed: a refusal must leave the old one alive.
        bool renews = Interests.IsOneShot(source.Interest) || Interests.IsOneShot(interest) || !source.IsInKernel;
        ulong token = renews ? _slots.PeekRenewed(source.Token) : source.Token;
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

    private void Silence(Source source)
    {
        source.Token = _slots.Renew(source.Token);
        source.IsInKernel = false;
        source.State = SourceState.Disarmed;
    }
}
