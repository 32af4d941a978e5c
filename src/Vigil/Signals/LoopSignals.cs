using System.Diagnostics.CodeAnalysis;
using Vigil.Messaging;

namespace Vigil;

/// <summary>The signal events of a loop, by signal, in the order of their creation.</summary>
internal sealed class LoopSignals : IMailboxItem<SignalInfo>
{
    private readonly LoopCore _core;
    private readonly LoopWorkers _workers;
    private readonly SignalInbox _inbox;

    // Arrays are replaced, never modified: a delivery iterates over the one that it found.
    private readonly Dictionary<Signal, SignalEvent[]> _events = [];
    private SignalSource? _source;
    private int _signalsOfSource;

    public LoopSignals(LoopCore core, LoopWorkers workers)
    {
        _core = core;
        _workers = workers;
        _inbox = new SignalInbox(info => _core.Mailbox.PostUnbounded(this, info));
    }

    public SignalEvent Create(Signal signal, EventCallback<SignalEvent, SignalInfo> callback, SignalEventOptions options)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        options.Require(_workers);
        var signalEvent = new SignalEvent(_core, this, _workers, signal, callback, options);
        Add(signalEvent);
        return signalEvent;
    }

    /// <summary>As <see cref="Create"/>. False if the program ignores the signal.</summary>
    public bool TryCreate(
        Signal signal,
        EventCallback<SignalEvent, SignalInfo> callback,
        SignalEventOptions options,
        [NotNullWhen(true)] out SignalEvent? signalEvent)
    {
        try
        {
            signalEvent = Create(signal, callback, options);
            return true;
        }
        catch (EventManagerException exception) when (exception.Error == EventManagerError.SignalIgnored)
        {
            signalEvent = null;
            return false;
        }
    }

    private void Add(SignalEvent signalEvent)
    {
        Signal signal = signalEvent.Signal;
        if (_events.TryGetValue(signal, out SignalEvent[]? others))
        {
            signalEvent.Route = others[0].Route;
            if (signalEvent.Route == SignalRoute.SignalFd)
            {
                RenewSource();
            }

            _events[signal] = [.. others, signalEvent];
            return;
        }

        signalEvent.Route = SignalHub.Subscribe(signal, _inbox);
        if (signalEvent.Route == SignalRoute.SignalFd)
        {
            try
            {
                OpenSource();
            }
            catch
            {
                SignalHub.Unsubscribe(signal, _inbox);
                throw;
            }
        }

        _events[signal] = [signalEvent];
    }

    public void Remove(SignalEvent signalEvent)
    {
        Signal signal = signalEvent.Signal;
        signalEvent.OnRemoved();
        SignalEvent[] left = Array.FindAll(_events[signal], other => other != signalEvent);
        if (left.Length > 0)
        {
            _events[signal] = left;
            return;
        }

        _events.Remove(signal);
        try
        {
            if (signalEvent.Route == SignalRoute.SignalFd)
            {
                CloseSource();
            }
        }
        finally
        {
            SignalHub.Unsubscribe(signal, _inbox);
        }
    }

    /// <summary>At the manager's disposal.</summary>
    public void RemoveAll()
    {
        foreach (SignalEvent signalEvent in _events.Values.SelectMany(events => events).ToArray())
        {
            _core.Faults.Attempt(() => Remove(signalEvent));
        }
    }

    /// <summary>Reports that real-time signals were, or will be, dropped. On the loop.</summary>
    /// <param name="signalEvent">The event that they were for; null for all of the manager's.</param>
    /// <param name="what">Which, how many and why, without the final full stop.</param>
    public void ReportLost(SignalEvent? signalEvent, FormattableString what) => _core.Faults.Report(new Fault(
        FaultOrigin.SignalEvent,
        new EventManagerException(
            EventManagerError.SignalsLost,
            FormattableString.Invariant(what)
                + ". Have less done in a callback, cancel the events of a manager that is not run, or send less."))
    { Owner = signalEvent });

    // A signal is dropped if its last event was cancelled after it arrived.
    int IMailboxItem<SignalInfo>.Deliver(SignalInfo info)
    {
        _inbox.BeginDelivery(info.Signal);
        if (_inbox.TakeLost() is var lost and > 0)
        {
            ReportLost(null, $"{lost} real-time signals for {_core.Name} were dropped, since {SignalInbox.Capacity} waited for its loop");
        }

        int ran = 0;
        foreach (SignalEvent signalEvent in _events.GetValueOrDefault(info.Signal, []))
        {
            if (!signalEvent.IsCancelled)
            {
                _core.Invoke(signalEvent, static (signalEvent, info) => signalEvent.Deliver(in info), info);
                ran++;
            }
        }

        return ran;
    }

    // Nobody waits for it, and it is no lost closure.
    bool IMailboxItem<SignalInfo>.Abandon(SignalInfo info) => true;

    private void OpenSource()
    {
        RenewSource();
        _signalsOfSource++;
    }

    // Makes the source if there is none, or if the last one is dead: foreign code closed the number, and the process has another
    // descriptor by now, or opens one here.
    private void RenewSource()
    {
        if (_source is { State: not SourceState.Removed, Handle.IsClosed: false })
        {
            return;
        }

        if (_source is not null)
        {
            _core.SourceTable.Remove(_source);
        }

        var source = new SignalSource(_core, SignalHub.Descriptor);
        _core.SourceTable.Add(source).ThrowIfFailed();
        _source = source;
    }

    private void CloseSource()
    {
        _signalsOfSource--;
        if (_signalsOfSource == 0)
        {
            SignalSource source = _source!;
            _source = null;
            _core.SourceTable.Remove(source);
        }
    }
}
