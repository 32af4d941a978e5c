using System.Diagnostics.CodeAnalysis;
using Vigil.Messaging;
using Vigil.Recording;

namespace Vigil;

/// <summary>The signal events of a loop, by signal, in the order of their creation.</summary>
internal sealed class LoopSignals : IMailboxItem<SignalInfo>
{
    private const string InputName = RecordingSession.OwnPrefix + "signals";

    private readonly LoopCore _core;
    private readonly LoopWorkers _workers;
    private readonly RecordingSession? _recording;
    private readonly SignalInbox _inbox;
    private readonly SignalOrigin _origin;

    // Arrays are replaced, never modified: a delivery iterates over the one that it found.
    private readonly Dictionary<Signal, SignalEvent[]> _events = [];
    private SignalSource? _source;
    private int _signalsOfSource;

    /// <param name="core">The loop.</param>
    /// <param name="workers">For callbacks on workers.</param>
    /// <param name="simulated">The signals of the simulated process that the loop is in; null for those of this process.</param>
    /// <param name="recording">Records or replays; null for neither.</param>
    public LoopSignals(LoopCore core, LoopWorkers workers, IVirtualSignals? simulated, RecordingSession? recording)
    {
        _core = core;
        _workers = workers;
        _recording = recording;
        _inbox = new SignalInbox(info => _core.Mailbox.PostUnbounded(this, info));
        _origin = simulated is null ? new ProcessSignals(_inbox) : new SimulatedSignals(simulated, _inbox);
        if (recording is not null)
        {
            _origin = new RecordedSignals(recording, _origin);
            recording.AddInput(InputName, DeliverRecorded);
        }
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
        // Before the origin is asked: what it is asked is a part of a recording, and what callers do wrong is not.
        Signal signal = signalEvent.Signal;
        SignalRules.RequireSignal(signal);
        if (_events.TryGetValue(signal, out SignalEvent[]? others))
        {
            signalEvent.Route = others[0].Route;
            if (SignalOrigin.HasSource(signalEvent.Route))
            {
                RenewSource();
            }

            _events[signal] = [.. others, signalEvent];
            return;
        }

        signalEvent.Route = _origin.Subscribe(signal);
        if (SignalOrigin.HasSource(signalEvent.Route))
        {
            try
            {
                OpenSource();
            }
            catch
            {
                _origin.Unsubscribe(signal);
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
            if (SignalOrigin.HasSource(signalEvent.Route))
            {
                CloseSource();
            }
        }
        finally
        {
            _origin.Unsubscribe(signal);
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

    int IMailboxItem<SignalInfo>.Deliver(SignalInfo info)
    {
        _inbox.BeginDelivery(info.Signal);
        long lost = _inbox.TakeLost();
        _recording?.OnInput(InputName, RecordedSignal.Encode(in info, lost));
        return Deliver(info, lost);
    }

    private int DeliverRecorded(byte[] bytes) =>
        RecordedSignal.TryDecode(bytes, out SignalInfo info, out long lost) ? Deliver(info, lost) : 0;

    // A signal is dropped if its last event was cancelled after it arrived.
    private int Deliver(SignalInfo info, long lost)
    {
        if (lost > 0)
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

        var source = new SignalSource(_core, _origin, _origin.Descriptor);
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
