using System.Runtime.CompilerServices;
using Vigil.Diagnostics;
using Vigil.Sources;

namespace Vigil;

/// <summary>
/// Forwards the loop's progress to those who want it: the counters, the trace and the watchdog. The loop checks at the beginning of an
/// iteration whether there are any; while there are none it has no observer and reports nothing.
/// </summary>
internal sealed class LoopObserver
{
    private readonly string _name;
    private readonly LoopCounters _counters;
    private readonly LoopProgress? _progress;
    private LoopPhase _phase;
    private int _counted;
    private bool _isMeasured;
    private bool _tracesIterations;
    private bool _tracesCallbacks;

    public LoopObserver(LoopCounters counters, LoopProgress? progress)
    {
        _name = counters.Name;
        _counters = counters;
        _progress = progress;
    }

    /// <summary>
    /// Whether listeners of the trace run when a callback begins and when it has ended. They are foreign code: they may cancel, remove or
    /// restart anything. So the loop notifies them first, and then decides whether it calls back.
    /// </summary>
    public bool TracesCallbacks => _tracesCallbacks;

    /// <summary>Whether anybody observes the iteration that begins now.</summary>
    public bool BeginsIteration()
    {
        bool isMeasured = _counters.BeginIteration();
        if (!isMeasured && _progress is null && VigilEventSource.Log?.IsEnabled() != true)
        {
            return false;
        }

        _isMeasured = isMeasured;
        _tracesIterations = VigilEventSource.Log is { TracesIterations: true };
        _tracesCallbacks = VigilEventSource.Log is { TracesCallbacks: true };
        _counted = 0;
        if (_tracesIterations)
        {
            VigilEventSource.Log!.IterationStart(_name);
        }

        return _isMeasured || _tracesIterations || _tracesCallbacks || _progress is not null;
    }

    /// <summary>The iteration is over.</summary>
    /// <param name="ran">How many callbacks ran in it.</param>
    /// <param name="table">Has counted the events that reached no source.</param>
    public void EndIteration(int ran, SourceTable table)
    {
        Begin(LoopPhase.Waiting, ran);
        if (_isMeasured)
        {
            _counters.EndIteration(table.StaleEvents, table.OrphanedEvents);
        }

        if (_tracesIterations)
        {
            VigilEventSource.Log!.IterationStop(_name, ran);
        }
    }

    /// <summary>A phase begins, and ends the one before.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="ran">How many callbacks have run in the iteration so far.</param>
    public void Begin(LoopPhase phase, int ran)
    {
        if (_isMeasured && ran > _counted)
        {
            _counters.Count(_phase, ran - _counted);
            _counted = ran;
        }

        _phase = phase;
        _progress?.Begin(phase);
    }

    /// <summary>The loop has no more work and begins to wait.</summary>
    /// <param name="sleeps">Whether it sleeps until there is more.</param>
    public void BeginWait(bool sleeps)
    {
        if (_isMeasured)
        {
            _counters.BeginWait(sleeps);
        }
    }

    /// <summary>The wait is over.</summary>
    public void EndWait()
    {
        if (_isMeasured)
        {
            _counters.EndWait();
        }
    }

    /// <summary>Messages were taken from the mailbox.</summary>
    public void CountPosts(int count)
    {
        if (_isMeasured)
        {
            _counters.CountPosts(count);
        }
    }

    /// <summary>A ready source's callback begins. A source comes once in a phase.</summary>
    public void EnterOnce(Source source)
    {
        _progress?.EnterOnce(source);
        if (_tracesCallbacks)
        {
            TraceStart(source);
        }
    }

    /// <summary>A callback begins. Its subject may have had others in this phase.</summary>
    public void Enter(object subject)
    {
        _progress?.Enter(subject);
        if (_tracesCallbacks)
        {
            TraceStart(subject);
        }
    }

    /// <summary>The last callback that began has returned or thrown.</summary>
    public void Leave()
    {
        _progress?.Leave();
        if (_tracesCallbacks)
        {
            TraceStop();
        }
    }

    // Not inlined, nor the next one: these contain protected regions, because of which the JIT would keep all locals of the loop that
    // dispatches in memory.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TraceStop() => VigilEventSource.Log!.CallbackStop(_name);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TraceStart(object subject)
    {
        OwnedCallback callback = OwnedCallback.Of(subject, _phase);
        VigilEventSource.Log!.CallbackStart(_name, callback.ToString(), callback.Fd);
    }
}
