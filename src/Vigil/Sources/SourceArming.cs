using Vigil.Collections;
using Vigil.Interop;
using Vigil.Polling;

namespace Vigil.Sources;

/// <summary>
/// Changes the interest of sources that are in the table, and arms and disarms them.
/// </summary>
/// <remarks>
/// A token is renewed, so that what the kernel already reported does not reach its source, in three cases: the source is disarmed;
/// it is armed; it is a one-shot and modified, since its pending event belongs to the arming that the modification replaces.
/// The kernel looks at whatever is added or modified, so nothing that is still true is lost.
/// </remarks>
internal sealed class SourceArming
{
    private readonly IPoller _poller;
    private readonly SlotTable<Source> _slots;

    public SourceArming(IPoller poller, SlotTable<Source> slots)
    {
        _poller = poller;
        _slots = slots;
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
    public SourceResult Repeat(Source source) => Rearm(source, source.Interest);

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
            ? _poller.Modify(fd.Number, token, interest)
            : _poller.Add(fd.Number, token, interest);
        if (errno == Errno.EEXIST)
        {
            errno = _poller.Modify(fd.Number, token, interest);
        }

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
