using System.Diagnostics.Tracing;

namespace Vigil.Diagnostics;

/// <summary>
/// Traces every manager and pool of the process: <c>dotnet-trace collect --providers Vigil</c>, or an <see cref="EventListener"/>.
/// docs/metrics.md lists the events. Without a listener the cost is one check an iteration, and one a work item.
/// </summary>
[EventSource(Name = "Vigil")]
internal sealed class VigilEventSource : EventSource
{
    private static int _hasBegun;
    private static VigilEventSource? _log;

    private VigilEventSource()
    {
    }

    /// <summary>The event source; null until it is made.</summary>
    public static VigilEventSource? Log => _log;

    /// <summary>Whether callbacks are traced.</summary>
    public bool TracesCallbacks => IsEnabled(EventLevel.Verbose, Keywords.Callbacks);

    /// <summary>Whether iterations are traced.</summary>
    public bool TracesIterations => IsEnabled(EventLevel.Verbose, Keywords.Iterations);

    /// <summary>Whether work items are traced.</summary>
    public bool TracesWork => IsEnabled(EventLevel.Verbose, Keywords.Work);

    /// <summary>
    /// Makes the event source, unless that has begun. Notifies event listeners, which may use managers: so it is not made by a static
    /// constructor, which other threads would wait for. Not under a lock.
    /// </summary>
    public static void Publish()
    {
        if (Interlocked.Exchange(ref _hasBegun, 1) == 0)
        {
            using AmbientContext.Scope scope = Apart();
            _log = new VigilEventSource();
        }
    }

    [Event(1, Level = EventLevel.Informational, Keywords = Keywords.Runs, Message = "{0} runs")]
    public void RunStart(string manager)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(1, manager);
        }
    }

    [Event(2, Level = EventLevel.Informational, Keywords = Keywords.Runs, Message = "{0} does not run any more")]
    public void RunStop(string manager)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(2, manager);
        }
    }

    [Event(3, Level = EventLevel.Verbose, Keywords = Keywords.Iterations, Message = "{0} begins an iteration")]
    public void IterationStart(string manager)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(3, manager);
        }
    }

    [Event(4, Level = EventLevel.Verbose, Keywords = Keywords.Iterations, Message = "{0} ends an iteration of {1} callbacks")]
    public void IterationStop(string manager, int callbacks)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(4, manager, callbacks);
        }
    }

    [Event(5, Level = EventLevel.Verbose, Keywords = Keywords.Callbacks, Message = "{0} calls {1} (fd {2})")]
    public void CallbackStart(string manager, string callback, int fd)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(5, (EventSourcePrimitive)manager, callback, fd);
        }
    }

    [Event(6, Level = EventLevel.Verbose, Keywords = Keywords.Callbacks, Message = "{0} was called back")]
    public void CallbackStop(string manager)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(6, manager);
        }
    }

    [Event(7, Level = EventLevel.Error, Keywords = Keywords.Faults, Message = "{0}: {1}")]
    public void Fault(string manager, string report)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(7, manager, report);
        }
    }

    [Event(8, Level = EventLevel.Verbose, Keywords = Keywords.Work, Message = "{0} runs {1}, which waited for {2} ns")]
    public void WorkStart(string thread, string work, long waited)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(8, (EventSourcePrimitive)thread, work, waited);
        }
    }

    [Event(9, Level = EventLevel.Verbose, Keywords = Keywords.Work, Message = "{0} has run it: {1}")]
    public void WorkStop(string thread, string outcome)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(9, thread, outcome);
        }
    }

    [Event(10, Level = EventLevel.Warning, Keywords = Keywords.Overruns, Message = "{0}: {1}")]
    public void SlowCallback(string manager, string report)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(10, manager, report);
        }
    }

    [Event(11, Level = EventLevel.Warning, Keywords = Keywords.Overruns, Message = "{0}: {1}")]
    public void WorkWaiting(string pool, string report)
    {
        if (IsEnabled())
        {
            using AmbientContext.Scope scope = Apart();
            WriteEvent(11, pool, report);
        }
    }

    // As in Observers: listeners run in here, in the middle of what is traced.
    private static AmbientContext.Scope Apart() => AmbientContext.EnterScope(context: null, SynchronizationContext.Current);

    /// <summary>What a listener can request.</summary>
    public static class Keywords
    {
        public const EventKeywords Runs = (EventKeywords)1;
        public const EventKeywords Iterations = (EventKeywords)2;
        public const EventKeywords Callbacks = (EventKeywords)4;
        public const EventKeywords Faults = (EventKeywords)8;
        public const EventKeywords Work = (EventKeywords)16;
        public const EventKeywords Overruns = (EventKeywords)32;
    }
}
