using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Vigil.Hosting;

/// <summary>
/// Tells the service manager (systemd) what the host is doing: ready, reloading, stopping, its status once a second, that it makes progress
/// while it drains, and why a start failed. SIGHUP reloads the configuration.
/// </summary>
/// <remarks>
/// <para>The signs of life are not its business: the watchdog's thread sends them while every critical loop turns or waits
/// (<see cref="WatchdogOptions.Notifier"/>).</para>
/// <para>SIGHUP is taken by the runtime, not by a loop: it would kill the service when that loop has ended. One reload runs at a time, on
/// the thread pool, since sources of configuration may read files. Signals that come meanwhile lead to one more reload, so that the last
/// change is not missed. Each reload is announced and ended, also one that fails.</para>
/// <para>Nothing but the stop is told once the stop has begun: what is told is told under the lock.</para>
/// </remarks>
internal sealed class ServiceManagerLink : IDisposable
{
    // The service manager takes one status in a second.
    private static readonly TimeSpan StatusPeriod = TimeSpan.FromSeconds(1);

    // How much longer a stop that makes progress may take, from each progress on.
    private static readonly TimeSpan Extension = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ExtensionPeriod = TimeSpan.FromSeconds(1);

    private readonly ServiceNotifier _notifier;
    private readonly IConfigurationRoot? _configuration;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly PosixSignalRegistration? _hangUp;
    private IReadOnlyList<HostedManager> _managers = [];
    private Timer? _status;
    private string _reloadFailure = "";
    private bool _isStarted;
    private bool _isReloading;
    private bool _isReloadWanted;
    private bool _isOver;
    private long _extendedAt;

    /// <param name="notifier">The service manager.</param>
    /// <param name="configuration">What SIGHUP reloads; null for nothing, but the signal is answered all the same.</param>
    /// <param name="logger">The log.</param>
    public ServiceManagerLink(ServiceNotifier notifier, IConfiguration? configuration, ILogger logger)
    {
        _notifier = notifier;
        _configuration = configuration as IConfigurationRoot;
        _logger = logger;
        _notifier.Failed += (_, failure) => HostingLog.NotifierFailed(_logger, failure);

        // Without a service manager SIGHUP keeps its meaning: a terminal has gone.
        _hangUp = notifier.IsAvailable ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnHangUp) : null;
    }

    /// <summary>Every loop has turned, and all services have started.</summary>
    /// <param name="managers">The loops, for the status.</param>
    public void OnStarted(IReadOnlyList<HostedManager> managers)
    {
        _managers = managers;
        string text = StatusText();
        Tell(() => _notifier.Ready(text));
        if (_notifier.IsAvailable)
        {
            _status = new Timer(_ => TellStatus(), null, StatusPeriod, StatusPeriod);
        }

        lock (_gate)
        {
            _isStarted = true;
        }

        BeginReload();
    }

    /// <summary>A start has failed: says why, and by an error number if the cause has one.</summary>
    public void OnStartFailed(Exception exception)
    {
        _notifier.Status($"The start failed: {exception.Message}");
        int errno = ErrnoOf(exception);
        if (errno > 0)
        {
            _notifier.Errno(errno);
        }
    }

    /// <summary>The stop has begun: no reload begins from now on, and the end of one under way is not told.</summary>
    public void OnStopping()
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _isOver = true;
                _notifier.Stopping("Stopping");
            }
        }
    }

    /// <summary>The drain has finished something: asks for more time, at most once a second. Any thread.</summary>
    public void OnProgress()
    {
        long now = Stopwatch.GetTimestamp();
        long last = Interlocked.Read(ref _extendedAt);
        if ((last == 0 || Stopwatch.GetElapsedTime(last, now) >= ExtensionPeriod)
            && Interlocked.CompareExchange(ref _extendedAt, now, last) == last)
        {
            _notifier.ExtendTimeout(Extension);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
        }

        _status?.Dispose();
        _hangUp?.Dispose();
    }

    /// <summary>The error number of the kernel's that is the cause of an exception; 0 if there is none.</summary>
    internal static int ErrnoOf(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            int errno = exception switch
            {
                EventManagerException failure => failure.Errno,
                SocketException socket => socket.NativeErrorCode,
                _ => 0,
            };
            if (errno > 0)
            {
                return errno;
            }
        }

        return 0;
    }

    private void Tell(Action tell)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                tell();
            }
        }
    }

    private void TellStatus()
    {
        string text = StatusText();
        Tell(() => _notifier.Status(text));
    }

    // On a thread of the runtime's for signals.
    private void OnHangUp(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (_gate)
        {
            _isReloadWanted = true;
        }

        BeginReload();
    }

    private void BeginReload()
    {
        if (TryTakeReload())
        {
            ThreadPool.UnsafeQueueUserWorkItem(static link => link.Reload(), this, preferLocal: false);
        }
    }

    private bool TryTakeReload()
    {
        lock (_gate)
        {
            bool begins = _isReloadWanted && _isStarted && !_isReloading && !_isOver;
            _isReloading |= begins;
            _isReloadWanted &= !begins;
            return begins;
        }
    }

    private void Reload()
    {
        Tell(() => _notifier.Reloading("Reloading"));
        Volatile.Write(ref _reloadFailure, TryReload());
        string text = StatusText();
        Tell(() => _notifier.Ready(text));
        lock (_gate)
        {
            _isReloading = false;
        }

        BeginReload();
    }

    // Why it failed; empty if it did not.
    private string TryReload()
    {
        if (_configuration is null)
        {
            return "";
        }

        try
        {
            _configuration.Reload();
            HostingLog.Reloaded(_logger);
            return "";
        }
        catch (Exception exception)
        {
            // Of several options that became invalid, the first says why.
            Exception cause = (exception as AggregateException)?.Flatten().InnerExceptions[0] ?? exception;
            HostingLog.ReloadFailed(_logger, cause);
            return $"; the last reload failed: {cause.Message}";
        }
    }

    private string StatusText()
    {
        int running = _managers.Count(manager => manager.State == LoopState.Running);
        double lag = _managers.Count == 0
            ? 0
            : _managers.Max(manager => manager.Manager.GetStatistics().Lag.P99.TotalMilliseconds);
        string loops = _managers.Count == 1 ? "1 loop" : $"{_managers.Count} loops";
        string ended = running == _managers.Count ? "" : $", {_managers.Count - running} not running";
        return string.Create(CultureInfo.InvariantCulture, $"{loops}{ended}, lag {lag:0.#} ms{Volatile.Read(ref _reloadFailure)}");
    }
}
