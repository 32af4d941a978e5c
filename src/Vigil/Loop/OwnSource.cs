using Vigil.Interop;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>A source for a descriptor of the manager's own.</summary>
/// <remarks>
/// <para>What cannot be read stays readable, so a loop that kept trying would burn a core. The rule for all such sources: the first
/// failure in a row is reported with fd and errno. The source is silenced, and after <see cref="Pause"/> it is re-armed and read again;
/// the kernel keeps what arrives meanwhile. Further failures are not reported until a read succeeds. After EBADF there is no retry: the
/// number may soon be another file's. An edge-triggered source does not repeat itself, and is not silenced.</para>
/// <para>Foreign code may close the number. So the source is in the kernel's set for as long as it is in the table, silent or not, and the
/// kernel says whether the number is still its file's before it is read after a pause, and before it is closed.</para>
/// </remarks>
internal abstract class OwnSource : Source, ITimerTarget, ICallbackOwner
{
    /// <summary>How long a source that could not be read stays disarmed, in nanoseconds.</summary>
    public const long Pause = 1_000_000_000;

    private int _slot = TimingWheel.NotStarted;
    private bool _isFailing;

    protected OwnSource(LoopCore core, FileDescriptor fd, EventSet interest)
        : base(fd, interest, data: 0, DispatchPriority.Normal) => Core = core;

    public override bool IsOfVigilsOwn => true;

    public override ICallbackOwner Owner => this;

    protected LoopCore Core { get; }

    FaultOrigin ICallbackOwner.FaultOrigin => FaultOrigin.Registration;

    string ICallbackOwner.MethodName => GetType().Name;

    string ICallbackOwner.Description => $"the manager itself ({GetType().Name})";

    int ICallbackOwner.DescriptorNumber => Number;

    public override void OnRemoved() => Cancel();

    public override string ToString() => "the manager itself";

    void ITimerTarget.OnMoved(int slot) => _slot = slot;

    void ITimerTarget.OnAbandoned() => _slot = TimingWheel.NotStarted;

    bool ITimerTarget.Fire(long now)
    {
        _slot = TimingWheel.NotStarted;
        Retry();
        return false;
    }

    /// <summary>The pause after a failure is over.</summary>
    protected virtual void Retry()
    {
        if (!Core.SourceTable.RearmAfterCallback(this, EventSet.None).IsSuccess)
        {
            PauseNow();
        }
    }

    /// <summary>Handles the result of a read; 0 and EAGAIN mean success.</summary>
    /// <param name="errno">The errno.</param>
    /// <param name="what">Names what cannot be read; begins a sentence.</param>
    protected void OnRead(int errno, string what)
    {
        if (errno is Errno.Success or Errno.EAGAIN)
        {
            _isFailing = false;
            return;
        }

        if (State == SourceState.Removed)
        {
            // Foreign code closed its number, which was reported when it left the table. There is nothing to disarm or to try again.
            return;
        }

        bool isFirst = !_isFailing;
        _isFailing = true;
        if (!Interests.IsEdgeTriggered(Interest))
        {
            Silence();
            if (State == SourceState.Removed)
            {
                // As above.
                return;
            }
        }

        bool isClosed = errno == Errno.EBADF;
        if (!isClosed)
        {
            PauseNow();
        }

        if (isFirst)
        {
            string outlook = isClosed
                ? "Its file descriptor was closed by somebody else, so nothing comes of it any more."
                : "It is tried again every second; what comes meanwhile the kernel keeps.";
            Core.Faults.Report(new Fault(FaultOrigin.Registration, new EventManagerException(
                EventManagerError.System,
                $"{what} of {Core.Name} (fd {Number}) cannot be read: {Errno.Describe(errno)}. {outlook}",
                Number,
                errno))
            {
                Fd = Number,
            });
        }
    }

    /// <summary>Disarms it, or drops it if its number is another file's by now.</summary>
    public void Silence()
    {
        SourceResult result = Core.SourceTable.Arming.Disarm(this);
        if (result.IsOfDeadNumber)
        {
            Core.SourceTable.DropDead(this, result);
        }
    }

    private void PauseNow()
    {
        ClockTimers timers = Core.Timers.Open(TimerClock.Monotonic);
        _slot = timers.Start(_slot, this, timers.After(Pause));
    }

    private void Cancel()
    {
        if (_slot != TimingWheel.NotStarted)
        {
            Core.Timers.Of(TimerClock.Monotonic).Cancel(_slot);
            _slot = TimingWheel.NotStarted;
        }
    }
}
