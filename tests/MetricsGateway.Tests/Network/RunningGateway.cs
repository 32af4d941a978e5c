using System.Net;
using MetricsGateway.Configuration;
using MetricsGateway.Network;
using Vigil.IO;

namespace MetricsGateway.Tests.Network;

/// <summary>
/// A gateway on a thread of its own, with all TCP and UDP listeners on free ports. It must have nothing to complain about, or the test
/// fails (<see cref="ComplaintsAttribute"/>). It never flushes by default, so that data which a test has sent stays until the test
/// checks it.
/// </summary>
internal sealed class RunningGateway : IDisposable
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    private readonly ErrorText _errors = new();
    private readonly UnixPipe _output = new();
    private readonly Gateway _gateway;
    private readonly Thread _thread;
    private Exception? _failure;

    public RunningGateway(Func<GatewayOptions, GatewayOptions>? configure = null, TimeProvider? time = null)
        : this(WithoutFile, new LoadedConfiguration(configure?.Invoke(AllListeners) ?? AllListeners, default), time)
    {
    }

    /// <summary>A gateway that can reload its options.</summary>
    /// <param name="source">Loads them.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="onThread">Called on its thread before it runs.</param>
    public RunningGateway(ConfigurationSource source, TimeProvider? time = null, Action? onThread = null)
        : this(source, source.Load(), time, onThread)
    {
    }

    private RunningGateway(ConfigurationSource source, LoadedConfiguration loaded, TimeProvider? time, Action? onThread = null)
    {
        _gateway = new Gateway(source, loaded, _output.Writer, _errors, time ?? TimeProvider.System);
        _thread = new Thread(() => Run(onThread)) { Name = "gateway", IsBackground = true };
        _thread.Start();
    }

    public static GatewayOptions AllListeners { get; } = GatewayOptions.Defaults with
    {
        StatsDUdp = AnyPort,
        StatsDTcp = AnyPort,
        Graphite = AnyPort,
        Admin = AnyPort,
        FlushInterval = null,
    };

    private static ConfigurationSource WithoutFile { get; } = new(path: null, new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>The reading end of its reports.</summary>
    public FdHandle Reports => _output.Reader;

    public IPEndPoint StatsDUdp => Place("statsd-udp");

    public IPEndPoint StatsDTcp => Place("statsd-tcp");

    public IPEndPoint Graphite => Place("graphite");

    public IPEndPoint Admin => Place("admin");

    public IPEndPoint[] Places(string option) =>
        [.. _gateway.Places.Where(place => place.Option == option).Select(place => IPEndPoint.Parse(place.Place))];

    /// <summary>Its error messages since the last call.</summary>
    public string TakeErrors() => _errors.Take();

    public AdminClient ConnectAdmin() => new(Admin);

    /// <summary>Has it stop, and does not wait for that.</summary>
    public void BeginStop() => _gateway.Stop();

    public void WaitForStop() => Assert.True(TryWaitForStop(), "The gateway does not stop.");

    public void Stop()
    {
        BeginStop();
        WaitForStop();
    }

    public void Dispose()
    {
        if (_thread.IsAlive)
        {
            BeginStop();
            if (!TryWaitForStop())
            {
                // Its thread still uses everything, so nothing is disposed.
                ComplaintsAttribute.Add($"The gateway does not stop, and has complained: {_errors}");
                return;
            }
        }

        _gateway.Dispose();
        _output.Dispose();
        string complaints = $"{_failure}{_errors}";
        if (complaints.Length > 0)
        {
            ComplaintsAttribute.Add($"The gateway has complained: {complaints}");
        }
    }

    private bool TryWaitForStop() => _thread.Join(Patience.Limit);

    private void Run(Action? onThread)
    {
        try
        {
            onThread?.Invoke();
            _gateway.Run();
        }
        catch (Exception exception)
        {
            _failure = exception;
        }
    }

    private IPEndPoint Place(string option) => Places(option).Single();
}
