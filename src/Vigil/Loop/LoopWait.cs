using Vigil.Interop;
using Vigil.Messaging;
using Vigil.Polling;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>Phase 2 of an iteration: waits until something is ready, and spins first if that is configured.</summary>
internal sealed class LoopWait
{
    // How long to sleep while a sender has begun to send but is not running. It usually wakes the loop when it has finished. But if it
    // checked whether the loop sleeps just before the loop began to, nobody wakes the loop, and its message is late by this much at most.
    private static readonly TimeSpan BriefSleep = TimeSpan.FromMilliseconds(1);

    private readonly LoopCore _core;
    private readonly IPoller _poller;
    private readonly ReadyBuffer _ready;
    private readonly SourceTable _table;
    private readonly LoopTimers _timers;
    private readonly Mailbox<EventManager> _mailbox;
    private readonly TimeSpan _spin;
    private readonly Func<bool> _hasWork;

    // When a rebuild that failed is tried again; 0 if none has failed.
    private long _rebuildsAt;

    /// <param name="core">The loop that waits.</param>
    /// <param name="poller">The poller to wait on.</param>
    /// <param name="ready">Receives what is ready.</param>
    /// <param name="spin">How long to poll before sleeping.</param>
    /// <param name="hasWork">Whether the loop has work that ends no wait, and so must not sleep.</param>
    public LoopWait(LoopCore core, IPoller poller, ReadyBuffer ready, TimeSpan spin, Func<bool> hasWork)
    {
        _core = core;
        _poller = poller;
        _ready = ready;
        _table = core.SourceTable;
        _timers = core.Timers;
        _mailbox = core.Mailbox;
        _spin = spin;
        _hasWork = hasWork;
    }

    private bool MustReturn => _mailbox.HasMail || _mailbox.IsKicked || _core.Lifetime.IsEndRequested;

    /// <summary>Waits, and fills the ready buffer.</summary>
    /// <param name="deadline">The latest end of the wait, timers apart.</param>
    /// <param name="observer">Is notified when the loop is idle; may be null.</param>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public void Until(Deadline deadline, LoopObserver? observer)
    {
        if (_table.NeedsRebuild)
        {
            Rebuild(mayPause: !deadline.IsImmediate);
            deadline = UnlessWorkCame(deadline);
        }

        _ready.GrowIfFull();
        _table.BeginBatch();
        if (observer is null)
        {
            PollOrSleep(deadline);
        }
        else
        {
            ObservedPollOrSleep(deadline, observer);
        }
    }

    // A failed wait must end, too: the next run expects that none has begun. The wait is prepared before the observer is notified, so that
    // what that takes is busy time, and a clock may say that nothing is to be waited for.
    private void ObservedPollOrSleep(Deadline deadline, LoopObserver observer)
    {
        bool sleeps = !deadline.IsImmediate && !(_timers.IsOpen && _timers.PrepareWait(deadline).IsImmediate);
        observer.BeginWait(sleeps);
        try
        {
            PollOrSleep(sleeps ? UnlessWorkCame(deadline) : Deadline.Immediate);
        }
        finally
        {
            observer.EndWait();
        }
    }

    // Foreign code has run since the deadline was computed: a handler of a report, or a listener of the meter. What it deferred or injected
    // ends no wait.
    private Deadline UnlessWorkCame(Deadline deadline) => !deadline.IsImmediate && _hasWork() ? Deadline.Immediate : deadline;

    // The wait is prepared only now, or again, so that the timers which such code has started are included.
    private void PollOrSleep(Deadline deadline)
    {
        if (!deadline.IsImmediate && _timers.IsOpen)
        {
            deadline = _timers.PrepareWait(deadline);
        }

        if (deadline.IsImmediate)
        {
            Poll(Deadline.Immediate);
        }
        else
        {
            Sleep(deadline);
        }
    }

    private void Sleep(Deadline deadline)
    {
        try
        {
            if (_spin == TimeSpan.Zero || !Spin(deadline))
            {
                // A stop requested before BeginSleep is seen here; one requested later wakes the loop.
                SleepPermit permit = _mailbox.BeginSleep();
                if (permit == SleepPermit.None || _core.Lifetime.IsEndRequested)
                {
                    deadline = Deadline.Immediate;
                }
                else if (permit == SleepPermit.Brief)
                {
                    deadline = deadline.Earlier(MonotonicClock.DeadlineAfter(BriefSleep));
                }

                Poll(deadline);
            }
        }
        finally
        {
            _mailbox.EndSleep();
        }
    }

    private void Poll(Deadline deadline)
    {
        int errno = _poller.Wait(deadline, _ready);
        if (errno != Errno.Success)
        {
            string hint = errno is Errno.EMFILE or Errno.ENFILE
                ? "This kernel or sandbox has no epoll_pwait2, so the wait needs a timerfd: "
                    + "raise the limit of open files (ulimit -n, LimitNOFILE=) or close some."
                : "Was the file descriptor of its epoll instance closed?";
            throw new EventManagerException(
                EventManagerError.System, $"{_core.Name} cannot wait any more: {Errno.Describe(errno)}. {hint}", errno: errno);
        }
    }

    // Checks the mailbox, at a nanosecond each, between polls, at a few hundred. If something is ready at the first poll, it costs nothing
    // else.
    private bool Spin(Deadline deadline)
    {
        const int LooksAtMailbox = 32;
        Poll(Deadline.Immediate);
        if (_ready.Count > 0 || MustReturn)
        {
            return true;
        }

        Deadline end = MonotonicClock.DeadlineAfter(_spin).Earlier(deadline);
        do
        {
            for (int i = 0; i < LooksAtMailbox; i++)
            {
                if (MustReturn)
                {
                    return true;
                }

                Thread.SpinWait(1);
            }

            Poll(Deadline.Immediate);
            if (_ready.Count > 0)
            {
                return true;
            }
        }
        while (MonotonicClock.NowNanoseconds < end.Nanoseconds);
        return false;
    }

    // If the kernel refuses, for want of descriptors, the orphan keeps ending every wait. The refusal is reported once, and the rebuild is
    // tried again after a pause. Until then a turn caused by an orphan takes a millisecond: other ready sources are that late, but the
    // processor is left to others.
    private void Rebuild(bool mayPause)
    {
        const long PauseBetweenTries = 100_000_000;
        const int MillisecondsOfTurn = 1;
        long now = MonotonicClock.NowNanoseconds;
        if (now < _rebuildsAt)
        {
            _table.PostponeRebuild();
            if (mayPause)
            {
                PollNative.Sleep(MillisecondsOfTurn);
            }

            return;
        }

        int errno = _table.Rebuild();
        bool isFirst = _rebuildsAt == 0;
        _rebuildsAt = errno == Errno.Success ? 0 : now + PauseBetweenTries;
        if (errno != Errno.Success && !isFirst)
        {
            return;
        }

        string outcome = errno == Errno.Success
            ? "The poller was rebuilt without it."
            : $"The poller could not be rebuilt and still has it: {Errno.Describe(errno)}. "
                + "It is tried again ten times a second; until then the loop makes a thousand turns a second at most.";
        _core.Faults.Report(new Fault(FaultOrigin.Registration, new EventManagerException(
            EventManagerError.OrphanedRegistration,
            "Events keep coming from a registration that was removed but is kept alive by a duplicate of its file descriptor "
                + $"(dup, fork, SCM_RIGHTS). {outcome} Remove a descriptor before closing it.",
            errno: errno)));
    }
}
