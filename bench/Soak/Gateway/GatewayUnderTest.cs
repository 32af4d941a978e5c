using System.Diagnostics;
using Soak.Loops;
using Soak.Observation;
using Vigil;

namespace Soak.Gateway;

/// <summary>The gateway in a process of its own, which a loop watches.</summary>
internal sealed class GatewayUnderTest : IDisposable
{
    private readonly LoopThread _loop;
    private readonly Findings _findings;
    private readonly Process _process;
    private readonly Thread _errors;
    private readonly Thread _output;
    private readonly ManualResetEventSlim _hasEnded = new();
    private readonly ChildEvent _child;
    private ChildExit? _exit;
    private bool _isToEnd;

    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public GatewayUnderTest(LoopThread loop, Ports ports, string configuration, Findings findings)
    {
        _loop = loop;
        _findings = findings;
        Ports = ports;

        // A soak in the background of a script ignores SIGINT, and under nohup SIGHUP; children would inherit that.
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string program = Path.Combine(AppContext.BaseDirectory, "MetricsGateway.dll");
        var start = new ProcessStartInfo(
            "env", ["--default-signal=HUP,INT,TERM,USR1", dotnet, program, "--config", configuration])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = SignalBlocking.StartProcess(start);
        _errors = Read("soak-errors", _process.StandardError, CheckComplaint);
        _output = Read("soak-output", _process.StandardOutput, _ => { });
        _child = _loop.Endpoint.CallBlocking(manager => manager.CreateChildEvent(_process, (_, exit) => OnEnd(exit)));
        if (!Patience.Await(() => _hasEnded.IsSet || Answers()) || _hasEnded.IsSet)
        {
            Dispose();
            throw new InvalidOperationException("The gateway did not start.");
        }
    }

    public Ports Ports { get; }

    public int ProcessId => _process.Id;

    public ProcessReading Reading => ProcessReading.Of(ProcessId);

    /// <summary>The figures of <c>stats</c>, one connection of which is the question's own.</summary>
    public IReadOnlyDictionary<string, double> Stats => AdminAnswers.Stats(Ports.Admin);

    public void Send(Signal signal) => _findings.Require(
        _loop.Endpoint.CallBlocking(_ => _child.Send(signal)), $"{signal} could not be sent to the gateway");

    /// <summary>Lets it read its file, which it takes.</summary>
    public void Reload()
    {
        string answer = AdminAnswers.Ask(Ports.Admin, "reload");
        _findings.Require(answer.StartsWith("reloaded", StringComparison.Ordinal), $"the gateway answered to a reload: {answer.Trim()}");
    }

    /// <summary>Stops it as an operator does.</summary>
    public void End()
    {
        _isToEnd = true;
        Send(Signal.SIGTERM);
        bool hasEnded = _hasEnded.Wait(TimeSpan.FromSeconds(60));
        _findings.Require(hasEnded, "the gateway does not end after SIGTERM");
        _findings.Require(!hasEnded || _exit == new ChildExit(0, null), $"after SIGTERM the gateway ended with {_exit}");
    }

    public void Dispose()
    {
        if (!_hasEnded.IsSet)
        {
            _isToEnd = true;
            _loop.Endpoint.CallBlocking(_ => _child.Send(Signal.SIGKILL));
            _hasEnded.Wait(TimeSpan.FromSeconds(60));
        }

        _errors.Join();
        _output.Join();
        _process.Dispose();
        _hasEnded.Dispose();
    }

    private static Thread Read(string name, StreamReader reader, Action<string> take)
    {
        var thread = new Thread(() =>
        {
            while (reader.ReadLine() is { } line)
            {
                take(line);
            }
        })
        { Name = name, IsBackground = true };
        thread.Start();
        return thread;
    }

    private bool Answers()
    {
        try
        {
            return AdminAnswers.Ask(Ports.Admin, "health").StartsWith("health: up", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is System.Net.Sockets.SocketException or IOException)
        {
            return false;
        }
    }

    // It complains of wrong configurations and of the receiver's connections, which is right. An exception never is.
    private void CheckComplaint(string line)
    {
        if (line.Contains("Exception", StringComparison.Ordinal) || line.StartsWith("   at ", StringComparison.Ordinal))
        {
            _findings.Add($"the gateway said: {line}");
        }
    }

    private void OnEnd(ChildExit exit)
    {
        _exit = exit;
        _findings.Require(_isToEnd, $"the gateway ended by itself, with {exit}");
        _hasEnded.Set();
    }
}
