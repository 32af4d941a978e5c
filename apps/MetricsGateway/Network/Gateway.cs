using System.Text;
using MetricsGateway.Admin;
using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Metrics;
using MetricsGateway.Operation;
using MetricsGateway.Protocols;
using Vigil;

namespace MetricsGateway.Network;

/// <summary>
/// The whole gateway: one event manager, its listeners, and what they share. Everything belongs to the thread that runs it, so there are
/// no locks; only <see cref="Stop"/> may be called from any thread.
/// </summary>
internal sealed class Gateway : IDisposable
{
    private readonly EventManager _manager;
    private readonly TextWriter _errors;
    private readonly LoopActivity _activity = new();
    private readonly ConnectionGate _gate;
    private readonly DescriptorReserve _reserve;
    private readonly AdminService _admin;
    private readonly WorkerPool _workers;
    private readonly FlushPipeline _flushes;
    private readonly ListenerCatalog _catalog;
    private readonly ListenerSet _listeners;
    private readonly ConfigurationReload _reload;
    private readonly Shutdown _shutdown;
    private readonly ConfigurationWatch? _watch;
    private readonly ServiceReports _service;
    private readonly PassedSockets _passed;
    private int _exitCode;

    /// <summary>Opens all listeners; they are served by <see cref="Run"/>.</summary>
    /// <param name="source">Loads the options at a reload.</param>
    /// <param name="loaded">The options.</param>
    /// <param name="output">The console's file descriptor for flushes.</param>
    /// <param name="errors">Receives faults, reloads, and the state.</param>
    /// <param name="time">The clock of intervals and timeouts.</param>
    /// <param name="notifier">Tells the service manager; null if there is none. Its creator disposes it.</param>
    /// <param name="passed">The sockets that the service manager has opened; null if there are none. Disposed with the gateway.</param>
    /// <exception cref="ListenException">A listener could not be set up; none is open then.</exception>
    /// <exception cref="FlushFileException">The file for flushes cannot be written.</exception>
    /// <exception cref="EventManagerException">The kernel refused a resource that the loop needs.</exception>
    public Gateway(
        ConfigurationSource source,
        LoadedConfiguration loaded,
        FileDescriptor output,
        TextWriter errors,
        TimeProvider time,
        ServiceNotifier? notifier = null,
        PassedSockets? passed = null)
    {
        GatewayOptions options = loaded.Options;
        FlushPipeline.Check(before: null, options);
        _errors = errors;
        HasConfigurationFile = source.Path is not null;
        _gate = new ConnectionGate(options.MaxConnections);
        Store = new MetricStore(options);
        Totals.Examples = new RejectedLines(time);
        _admin = new AdminService(new AdminCommands(options, Store, Totals), GetStatus, ReloadFor, time);

        _workers = new WorkerPool(new WorkerPoolOptions
        {
            Name = "flush",
            ThreadCount = FlushPipeline.WorkerCount,

            // All work that should be waited for has been by then; the rest hangs on a disk.
            DrainTimeout = TimeSpan.Zero,
        });

        // A fault in one connection must not end the others: the owner that threw is detached, and handed over for recovery.
        _manager = new EventManager(
            new EventManagerOptions
            {
                Name = nameof(MetricsGateway),
                FaultPolicy = FaultPolicy.Detach,
                TimeProvider = time,
                Workers = _workers,
                CollectStatistics = true,
                Watchdog = new WatchdogOptions { Notifier = notifier },
            });

        // The manager keeps the reports for the command "slow". They are not written: a machine may stall for a moment.
        _manager.SlowCallbackReported += static (_, _) => { };
        _reserve = new DescriptorReserve();
        _passed = passed ?? new PassedSockets();
        _service = new ServiceReports(notifier ?? new ServiceNotifier(address: null), DescribeService, MeasureProgress);
        _flushes = new FlushPipeline(options, _manager, Store, CountTraffic, output, errors, time);
        _catalog = new ListenerCatalog(options, _manager, _gate, _reserve, _activity, Store, Totals, _admin, _passed, errors);
        _listeners = new ListenerSet(_manager, _catalog.Kinds, errors);
        _reload = new ConfigurationReload(
            source,
            loaded,
            _manager,
            FlushPipeline.ConfigurationThread,
            Prepare,
            result => errors.Write(ConsoleText.Line(result)),
            _service);
        _watch = source.Path is { } path ? new ConfigurationWatch(_manager, path, _reload.RunIfChanged, errors) : null;
        _shutdown = new Shutdown(_manager, _listeners, _gate, _flushes, errors, CreateTotals);
        try
        {
            _manager.FaultReported += new FaultRecovery(_listeners, errors).OnFault;
            _listeners.Open(options);
            _flushes.Apply(options);
            _watch?.Apply(options);
            _admin.Preload();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether there is a file to reload.</summary>
    public bool HasConfigurationFile { get; }

    public MetricStore Store { get; }

    public TrafficTotals Totals { get; } = new();

    /// <summary>Each listener's option, and its bound address or path.</summary>
    public IEnumerable<(string Option, string Place)> Places => _listeners.All.Select(entry => (entry.Option, entry.Listener.Place));

    /// <summary>Takes over the process's signals.</summary>
    /// <exception cref="EventManagerException">The kernel or the runtime refused.</exception>
    public void HandleSignals() => new GatewaySignals(this, _errors).Register(_manager);

    /// <summary>Serves until stopped, and then flushes what is left.</summary>
    /// <returns>The program's exit code: 0, or the argument of <see cref="StopAtOnce"/>.</returns>
    public int Run()
    {
        _service.Begin(_manager);
        _manager.Run();
        return _exitCode;
    }

    /// <summary>Makes <see cref="Run"/> return after what is left was flushed. Any thread.</summary>
    /// <exception cref="ObjectDisposedException">The gateway is disposed.</exception>
    public void Stop() => _manager.RemoteEndpoint.Fire(static (_, gateway) => gateway.BeginStop(), this);

    /// <summary>As <see cref="Stop"/>, on the loop.</summary>
    public void BeginStop()
    {
        _service.Stopping();
        _reload.Stop();
        _shutdown.Begin(_admin.Options.StopTimeout);
    }

    /// <summary>Makes <see cref="Run"/> return now, whatever is left.</summary>
    public void StopAtOnce(int exitCode)
    {
        _exitCode = exitCode;
        _manager.Stop();
    }

    /// <summary>Reloads the configuration file, and reports the result.</summary>
    public void Reload() => _reload.Run();

    /// <summary>Writes the gateway's state.</summary>
    public void ReportState() => _errors.Write(ConsoleText.State(_admin.DescribeState()));

    /// <summary>Closes all connections and listeners, which the manager disposes as its subscribers.</summary>
    public void Dispose()
    {
        _manager.Dispose();
        _passed.Dispose();
        _reserve.Dispose();
        _flushes.Dispose();

        // Completes at once, without a thread: the pool's threads are background threads, and one that hangs lives until the end of the
        // process.
        _workers.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    // Everything that can fail, for want of memory, a descriptor or an address, is done here; the returned function cannot fail.
    private Func<string> Prepare(OptionsDifference difference)
    {
        GatewayOptions options = difference.After;
        Action<ListenerSet> applyReception = _catalog.Prepare(options);
        Action applyFlushes = _flushes.Prepare(options);
        ListenerChange listeners = _listeners.Prepare(options);
        return () =>
        {
            int before = _gate.Open;
            int leaving = 0;
            RunAll(
                () => leaving = _listeners.Make(listeners),
                () => _gate.Maximum = options.MaxConnections,
                () => Store.Apply(options),
                () => _admin.Options = options,
                applyFlushes,
                () => applyReception(_listeners),
                () => _watch?.Apply(options));
            return ConsoleText.Changes(difference, Places, kept: before - leaving, closed: leaving);
        };
    }

    // There is no way back from here, so a bug in one part must not keep the others from applying the new options.
    private static void RunAll(params ReadOnlySpan<Action> parts)
    {
        List<Exception>? failures = null;
        foreach (Action part in parts)
        {
            try
            {
                part();
            }
            catch (Exception exception)
            {
                (failures ??= []).Add(exception);
            }
        }

        if (failures is not null)
        {
            throw new AggregateException(failures);
        }
    }

    private Action ReloadFor(Action<string> onDone)
    {
        _reload.Run(onDone);
        return () => _reload.Forget(onDone);
    }

    private string DescribeService() => ConsoleText.ServiceStatus(Totals, _gate.Open, _service.IsStopping, _reload.Failure);

    // What is left is received, connections close, answers are read, and Graphite takes its lines.
    private long MeasureProgress() => Totals.Lines - _gate.Open - _admin.UnreadBytes + _flushes.Graphite.SentBytes;

    private ReadOnlyMemory<byte> CreateTotals() => Encoding.UTF8.GetBytes(ConsoleText.Totals(Totals, Store));

    private TrafficCounts CountTraffic()
    {
        _listeners.CountDrops();
        return Totals.Counts;
    }

    private GatewayStatus GetStatus()
    {
        _listeners.CountDrops();
        return CreateStatus();
    }

    private GatewayStatus CreateStatus() => new()
    {
        Uptime = _activity.Uptime,
        SinceLastMessage = _activity.SinceLastMessage,
        OpenConnections = _gate.Open,
        AcceptedConnections = _gate.Accepted,
        RefusedConnections = _gate.Refused,
        FailedAccepts = _gate.FailedAccepts,
        DroppedClients = _gate.DroppedClients,
        IdleClosedConnections = _gate.IdleClosed,
        OverlongCommands = _admin.OverlongCommands,
        UnreadBytes = _admin.UnreadBytes,
        Flush = _flushes.Status,
        FlushFile = _flushes.File,
        Graphite = _flushes.Graphite,
        Workers = _workers.GetStatistics(),
        Reloads = _reload.Done,
        RefusedReloads = _reload.Refused,
        Listeners =
        [
            .. _listeners.All
                .Select(entry => new ListenerStatus(entry.Option, entry.Listener.Place, entry.Listener.Connections.Count)),
        ],
        Troubles = [.. _listeners.Troubles.Select(entry => new ListenerTrouble(entry.Option, entry.Place, entry.Trouble))],
        ListenerFailures = _listeners.Failures,
        Loop = _manager.GetStatistics(),
        Slow = _manager.GetSlowCallbackStatistics(),
    };
}
