using System.Runtime.ExceptionServices;
using Vigil.Diagnostics;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>Takes what callbacks throw and deals with it as the policy says, when the iteration is over.</summary>
internal sealed class FaultSink
{
    private readonly EventManager _manager;
    private readonly EventManagerOptions _options;
    private List<Exception>? _pending;

    public FaultSink(EventManager manager, EventManagerOptions options)
    {
        _manager = manager;
        _options = options;
    }

    private bool Detaches => _options.FaultPolicy == FaultPolicy.Detach;

    private bool Throws => _options.FaultPolicy == FaultPolicy.Throw;

    /// <summary>A source's callback threw. Under the policy that detaches, its owner is removed before anybody is told.</summary>
    public void OnThrown(Source source, Exception exception)
    {
        if (source.Owner is Subscriber subscriber)
        {
            bool detaches = Detaches && subscriber.IsAttached;
            if (detaches)
            {
                _manager.Subscribers.Detach(subscriber);
            }

            OnThrown(new FaultReport(FaultOrigin.Subscriber, exception)
            {
                SubscriberId = subscriber.Id,
                Fd = source.Number,
                Detached = detaches ? subscriber.Target : null,
                IsThrown = Throws,
            });
            return;
        }

        if (source.Owner is CallbackEvent callbackEvent)
        {
            OnThrown(callbackEvent, exception, source.Number);
        }
        else
        {
            // One of the manager's own: the clock that a user gave it threw, say.
            OnThrown(FaultOrigin.Registration, exception);
        }
    }

    /// <summary>A timer's callback threw.</summary>
    public void OnTimerThrown(ITimerTarget target, Exception exception)
    {
        if (target is TimerEvent timer)
        {
            OnThrown(timer, exception);
        }
        else
        {
            OnThrown(FaultOrigin.TimeProvider, exception);
        }
    }

    /// <summary>An event's callback threw. Under the policy that detaches, the event is cancelled before anybody is told.</summary>
    public void OnThrown(CallbackEvent callbackEvent, Exception exception, int fd = -1)
    {
        if (Detaches)
        {
            try
            {
                callbackEvent.Cancel();
            }
            catch (Exception refusal)
            {
                // Nobody else would catch this, and the iteration would end here.
                Report(new FaultReport(callbackEvent.FaultOrigin, refusal) { Event = callbackEvent, Fd = fd });
            }
        }

        OnThrown(new FaultReport(callbackEvent.FaultOrigin, exception) { Event = callbackEvent, Fd = fd, IsThrown = Throws });
    }

    /// <summary>A callback without an owner that could be removed threw.</summary>
    public void OnThrown(FaultOrigin origin, Exception exception) => OnThrown(new FaultReport(origin, exception) { IsThrown = Throws });

    /// <summary>A callback has exceeded its budget and returned. Its owner is removed, or the run ends, as the watchdog's policy says, whatever that for exceptions is.</summary>
    /// <param name="offender">Whose callback.</param>
    /// <param name="incident">What it did, as a sentence without its end.</param>
    /// <param name="policy">The watchdog's policy.</param>
    public void OnOverran(Offender offender, string incident, SlowCallbackPolicy policy)
    {
        bool isRemoved = policy == SlowCallbackPolicy.Detach && TryRemove(offender);
        string consequence = isRemoved ? "It was detached. " : "";
        OnThrown(new FaultReport(offender.Origin, new EventManagerException(
            EventManagerError.CallbackOverran,
            $"{incident}. {consequence}Do less in one callback, leave long work to ExecuteWork, or give it a greater budget.",
            offender.Fd))
        {
            SubscriberId = offender.Subscriber?.Id ?? default,
            Event = offender.Event,
            Fd = offender.Fd,
            Detached = isRemoved ? offender.Subscriber?.Target : null,
            IsThrown = policy == SlowCallbackPolicy.Stop,
        });
    }

    /// <summary>A registration ended or was silenced without its owner's doing.</summary>
    public void OnRegistrationFault(Source source, EventManagerError reason)
    {
        string what = reason switch
        {
            EventManagerError.HandleClosed =>
                $"The handle of fd {source.Number} was closed without removing it; its registration was dropped. Remove it before closing it.",
            EventManagerError.DescriptorReplaced =>
                $"fd {source.Number} was closed without removing it and its number is another file's now; its registration was dropped. Remove it before closing it.",
            _ =>
                $"fd {source.Number} reported Error or HangUp for {_options.UnhandledHangUpLimit} iterations with nobody doing anything about it; it was disarmed. Remove it when its peer is gone.",
        };
        Report(new FaultReport(FaultOrigin.Registration, new EventManagerException(reason, what, source.Number))
        {
            SubscriberId = (source.Owner as Subscriber)?.Id ?? default,
            Event = source.Owner as CallbackEvent,
            Fd = source.Number,
        });
    }

    /// <summary>The callback of an event has ended on a worker, and the kernel refused to watch its source again. It stays disarmed.</summary>
    public void OnNotArmed(Source source, CallbackEvent callbackEvent, SourceResult refusal) =>
        Report(new FaultReport(FaultOrigin.Registration, refusal.ToException(source.Interest)) { Event = callbackEvent, Fd = source.Number });

    /// <summary>
    /// Tells whoever listens; otherwise, unless the run is going to throw it, standard error: nothing is swallowed in silence.
    /// A listener that throws ends the run, whatever the policy: there is nobody left to tell.
    /// </summary>
    public void Report(FaultReport report)
    {
        _manager.Counters.CountFault();
        if (VigilEventSource.Log.IsEnabled())
        {
            VigilEventSource.Log.Fault(_manager.Name, Observers.TextOf(report));
        }

        // Those who listen when it is told: a handler may remove itself.
        EventHandler<FaultReport>? handlers = _manager.FaultHandlers;
        if (handlers is null && !report.IsThrown)
        {
            WriteLine(report);
        }

        foreach (EventHandler<FaultReport> handler in Delegate.EnumerateInvocationList(handlers))
        {
            // Not in the context of whoever has failed, nor of the one before; in the midst of a callback, perhaps, that goes on with its own.
            using AmbientContext.Scope scope = AmbientContext.EnterScope(context: null, EventManager.Current == _manager ? _manager.Context : SynchronizationContext.Current);
            try
            {
                handler(_manager, report);
            }
            catch (Exception exception)
            {
                OnHandlerThrown(exception);
            }
        }
    }

    /// <summary>Throws what was collected, with the stack it came from.</summary>
    public void ThrowPending()
    {
        if (_pending is not { } exceptions)
        {
            return;
        }

        _pending = null;
        if (exceptions.Count == 1)
        {
            ExceptionDispatchInfo.Throw(exceptions[0]);
        }

        throw new AggregateException($"{exceptions.Count} callbacks of one iteration threw.", exceptions);
    }

    /// <summary>At disposal: no run is left that could throw what was collected.</summary>
    public void WritePending()
    {
        _pending?.ForEach(WriteLine);
        _pending = null;
    }

    // False where it is gone already, has no owner that could be removed, or cannot be: a process that cannot be killed, say.
    private bool TryRemove(Offender offender)
    {
        try
        {
            switch (offender)
            {
                case { Subscriber: { IsAttached: true } subscriber }:
                    _manager.Subscribers.Detach(subscriber);
                    return true;
                case { Event: { IsCancelled: false } callbackEvent }:
                    callbackEvent.Cancel();
                    return true;
                case { Hook: { IsRemoved: false } hook }:
                    hook.Dispose();
                    return true;
                default:
                    return false;
            }
        }
        catch (Exception exception)
        {
            // Its callback has returned, so nobody else would catch this, and the iteration would end here.
            Report(new FaultReport(offender.Origin, exception) { SubscriberId = offender.Subscriber?.Id ?? default, Event = offender.Event, Fd = offender.Fd });
            return false;
        }
    }

    private void OnHandlerThrown(Exception exception)
    {
        if (_manager.IsDisposed)
        {
            // No run is left that could throw it, and this may be any thread.
            WriteLine(exception);
        }
        else
        {
            (_pending ??= []).Add(exception);
        }
    }

    private void OnThrown(FaultReport report)
    {
        if (report.IsThrown)
        {
            (_pending ??= []).Add(report.Exception);
        }

        Report(report);
    }

    private void WriteLine(object fault) => StandardError.WriteLine($"{_manager.Name}: {fault}");
}
