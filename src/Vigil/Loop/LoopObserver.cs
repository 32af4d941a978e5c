using Vigil.Diagnostics;
using Vigil.Sources;

namespace Vigil;

/// <summary>
/// What goes on in a loop, for those who want to know: the counters, the trace, the watchdog. The loop asks at the beginning of an iteration whether anybody does, and while nobody does
/// it has none of these, and tells nothing.
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

    /// <summary>Whether anybody wants to know of the iteration that begins now.</summary>
    public bool BeginsIteration()
    {
        bool isMeasured = _counters.BeginIteration();
        if (!isMeasured && _progress is null && !VigilEventSource.Log.IsEnabled())
        {
            return false;
        }

        _isMeasured = isMeasured;
        _tracesIterations = VigilEventSource.Log.TracesIterations;
        _tracesCallbacks = VigilEventSource.Log.TracesCallbacks;
        _counted = 0;
        if (_tracesIterations)
        {
            VigilEventSource.Log.IterationStart(_name);
        }

        return _isMeasured || _tracesIterations || _tracesCallbacks || _progress is not null;
    }

    /// <summary>The iteration is over.</summary>
    /// <param name="ran">How many callbacks ran in it.</param>
    /// <param name="table">Knows of the events that reached nobody.</param>
    public void EndIteration(int ran, SourceTable table)
    {
        Begin(LoopPhase.Waiting, ran);
        if (_isMeasured)
        {
            _counters.EndIteration(table.StaleEvents, table.OrphanedEvents);
        }

        if (_tracesIterations)
        {
            VigilEventSource.Log.IterationStop(_name, ran);
        }
    }

    /// <summary>A phase begins, and with it the end of the one before.</summary>
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

    /// <summary>The loop has done what there was, and looks for more.</summary>
    /// <param name="sleeps">Whether it sleeps until there is more.</param>
    public void BeginWait(bool sleeps)
    {
        if (_isMeasured)
        {
            _counters.BeginWait(sleeps);
        }
    }

    /// <summary>There is more.</summary>
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

    /// <summary>A ready source's callback begins; a source comes once in a phase.</summary>
    public void EnterOnce(Source source)
    {
        _progress?.EnterOnce(source);
        if (_tracesCallbacks)
        {
            TraceStart(source);
        }
    }

    /// <summary>A callback begins, whose subject may have had others in this phase.</summary>
    public void Enter(object subject)
    {
        _progress?.Enter(subject);
        if (_tracesCallbacks)
        {
            TraceStart(subject);
        }
    }

    /// <summary>The callback that began last has returned, or thrown.</summary>
    public void Leave()
    {
        _progress?.Leave();
        if (_tracesCallbacks)
        {
            VigilEventSource.Log.CallbackStop(_name);
        }
    }

    private void TraceStart(object subject)
    {
        OwnedCallback callback = OwnedCallback.Of(subject, _phase);
        VigilEventSource.Log.CallbackStart(_name, callback.ToString(), callback.Fd);
    }
}
