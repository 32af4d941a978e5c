using System.Runtime.ExceptionServices;
using Vigil.Diagnostics;
using Vigil.Messaging;
using Vigil.Sources;

namespace Vigil;

/// <summary>Collects the exceptions of callbacks and applies the fault policy when the iteration is over.</summary>
internal sealed class FaultSink : IMailboxItem<Fault>
{
    private readonly LoopCore _core;
    private FaultPolicy _policy;
    private int _unhandledHangUpLimit;
    private readonly Action<Fault> _report;
    private List<Exception>? _pending;

    /// <param name="core">The loop's core.</param>
    /// <param name="options">The policy, and the limits that messages quote.</param>
    /// <param name="report">Reports a fault to users. Exceptions of their handlers come back through <see cref="OnHandlerThrown"/>.</param>
    public FaultSink(LoopCore core, EventManagerOptions options, Action<Fault> report)
    {
        _core = core;
        _report = report;
        Configure(options);
    }

    /// <summary>Whether the run is to throw exceptions at the end of its iteration.</summary>
    public bool HasPending => _pending is not null;

    private bool Throws => _policy == FaultPolicy.Throw;

    /// <summary>Sets the policy, and the limits that messages quote. On the loop.</summary>
    public void Configure(EventManagerOptions options)
    {
        _policy = options.FaultPolicy;
        _unhandledHangUpLimit = options.UnhandledHangUpLimit;
    }

    /// <summary>A fault that was found on another thread.</summary>
    int IMailboxItem<Fault>.Deliver(Fault fault)
    {
        if (!fault.IsSubjectToPolicy)
        {
            Report(fault);
        }
        else if (fault.Owner is { } owner)
        {
            OnThrown(owner, fault.Exception, fault.Fd);
        }
        else
        {
            OnThrown(fault.Origin, fault.Exception);
        }

        return 0;
    }

    // The thread that ends the manager reports it.
    bool IMailboxItem<Fault>.Abandon(Fault fault)
    {
        Report(fault);
        return true;
    }

    /// <summary>A callback threw. If the policy is to detach, its owner is detached before the fault is reported.</summary>
    /// <param name="owner">Whose callback.</param>
    /// <param name="exception">What it threw.</param>
    public void OnThrown(ICallbackOwner owner, Exception exception) => OnThrown(owner, exception, owner.DescriptorNumber);

    /// <inheritdoc cref="OnThrown(ICallbackOwner, Exception)"/>
    /// <param name="owner">Whose callback.</param>
    /// <param name="exception">What it threw.</param>
    /// <param name="fd">The descriptor that the callback was called for, or −1.</param>
    public void OnThrown(ICallbackOwner owner, Exception exception, int fd)
    {
        bool isDetached = _policy == FaultPolicy.Detach && owner.IsDetachedByFaults && TryDetach(owner, fd);
        Take(new Fault(owner.FaultOrigin, exception) { Owner = owner, Fd = fd, IsDetached = isDetached, IsThrown = Throws });
    }

    /// <summary>A callback threw that has no owner to detach.</summary>
    public void OnThrown(FaultOrigin origin, Exception exception) => Take(new Fault(origin, exception) { IsThrown = Throws });

    /// <summary>
    /// A callback exceeded its budget and returned. The watchdog's policy, not that for exceptions, says whether its owner is detached or
    /// the run ends.
    /// </summary>
    /// <param name="callback">The callback.</param>
    /// <param name="incident">A description of what it did, without the final full stop.</param>
    /// <param name="policy">The watchdog's policy.</param>
    public void OnOverran(OwnedCallback callback, string incident, FaultPolicy policy)
    {
        bool isDetached = policy == FaultPolicy.Detach && TryDetach(callback.Owner, callback.Fd);
        string consequence = isDetached ? "It was detached. " : "";
        Take(new Fault(callback.Owner.FaultOrigin, new EventManagerException(
            EventManagerError.CallbackOverran,
            $"{incident}. {consequence}Do less in one callback, leave long work to ExecuteWork, or give it a greater budget.",
            callback.Fd))
        {
            Owner = callback.Owner,
            Fd = callback.Fd,
            IsDetached = isDetached,
            IsThrown = policy == FaultPolicy.Throw,
        });
    }

    /// <summary>A registration ended or was disarmed without a call by its owner.</summary>
    public void OnRegistrationFault(Source source, EventManagerError reason) => Report(OfRegistration(source, reason));

    /// <summary>Describes the end of a registration.</summary>
    public Fault OfRegistration(Source source, EventManagerError reason)
    {
        string what = reason switch
        {
            EventManagerError.HandleClosed =>
                $"The handle of fd {source.Number} was closed without removing it; its registration was dropped. "
                    + "Remove it before closing it.",
            EventManagerError.DescriptorReplaced =>
                $"fd {source.Number} was closed without removing it and its number is another file's now; its registration was dropped. "
                    + "Remove it before closing it.",
            _ =>
                $"fd {source.Number} reported Error or HangUp for {_unhandledHangUpLimit} iterations with nobody doing anything about it; "
                    + "it was disarmed. Remove it when its peer is gone.",
        };
        return new Fault(FaultOrigin.Registration, new EventManagerException(reason, what, source.Number))
        {
            Owner = source.Owner,
            Fd = source.Number,
        };
    }

    /// <summary>The kernel refused to re-arm a source after its callback. The source stays disarmed.</summary>
    public void OnNotArmed(Source source, SourceResult refusal) =>
        Report(new Fault(FaultOrigin.Registration, refusal.ToException(source.Interest)) { Owner = source.Owner, Fd = source.Number });

    /// <summary>The kernel refused to disarm a listener before the loop is stopped. It stays armed.</summary>
    public void OnNotDisarmed(Source source, SourceResult refusal) => OnNotArmed(source, refusal);

    /// <summary>An injected event was lost: the kernel refused to silence its one-shot. The source stays armed.</summary>
    public void OnNotDelivered(Source source, SourceResult refusal)
    {
        string what = $"An event that was injected for fd {source.Number} was not delivered, since its one-shot registration could not be "
            + $"silenced: {Interop.Errno.Describe(refusal.Errno)}. It stays armed, and reports what lasts.";
        Report(new Fault(FaultOrigin.Registration, new EventManagerException(refusal.Error, what, source.Number, refusal.Errno))
        {
            Owner = source.Owner,
            Fd = source.Number,
        });
    }

    /// <summary>Reports a fault to users. On the loop; after the manager's disposal on any thread.</summary>
    public void Report(Fault fault)
    {
        _core.Counters.CountFault();
        _report(fault);
    }

    /// <summary>Does a step of the disposal. What it throws is reported, and must not keep the next steps from being done.</summary>
    public void Attempt(Action step)
    {
        try
        {
            step();
        }
        catch (Exception exception)
        {
            Report(new Fault(FaultOrigin.Disposal, exception));
        }
    }

    /// <summary>A handler of reports threw. That ends the run under any policy, since nobody is left to report to.</summary>
    public void OnHandlerThrown(Exception exception)
    {
        if (_core.IsDisposed)
        {
            // No run is left that could throw it; this may be any thread.
            WriteLine(exception);
        }
        else
        {
            (_pending ??= []).Add(exception);
        }
    }

    /// <summary>Throws the collected exceptions, with their original stacks.</summary>
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

    /// <summary>At disposal: writes the collected exceptions to standard error, since no run is left to throw them.</summary>
    public void WritePending()
    {
        _pending?.ForEach(WriteLine);
        _pending = null;
    }

    private void Take(Fault fault)
    {
        if (fault.IsThrown)
        {
            (_pending ??= []).Add(fault.Exception);
        }

        Report(fault);
    }

    // Detaching may throw, for example for a process that cannot be killed. Nobody else would catch it here, and it would end the
    // iteration.
    private bool TryDetach(ICallbackOwner owner, int fd)
    {
        try
        {
            return owner.TryDetach();
        }
        catch (Exception refusal)
        {
            Report(new Fault(owner.FaultOrigin, refusal) { Owner = owner, Fd = fd });
            return false;
        }
    }

    private void WriteLine(Exception exception) => StandardError.WriteLine($"{_core.Name}: {exception}");
}
