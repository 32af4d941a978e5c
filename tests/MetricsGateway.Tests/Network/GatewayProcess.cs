using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace MetricsGateway.Tests.Network;

/// <summary>The program as users start it, in a process of its own.</summary>
internal sealed class GatewayProcess : IDisposable
{
    public const string FlushInterval = "--flush-interval";

    // Whose nothing is.
    private const int UserOfNothing = 61_234;

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly Task _errorsEnd;
    private bool _isOutputClosed;

    // What the shell does that executes the program: limits.
    private GatewayProcess(string? preparation, IReadOnlyList<string> arguments, string? signals = null)
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string program = Path.Combine(AppContext.BaseDirectory, "MetricsGateway.dll");

        // Where tests run in the background of a script, SIGINT is ignored, under nohup SIGHUP, and children would inherit that.
        ProcessStartInfo start = new(
            "env",
            [.. (signals ?? "--default-signal=HUP,INT,TERM,USR1").Split(' '), "sh", "-c", $"{preparation}exec \"$@\"", "sh", dotnet,
                program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _errorsEnd = Task.Run(ReadErrors);
    }

    /// <summary>Everything written to standard output so far.</summary>
    public string Output => _output.ToString();

    /// <summary>Everything written to standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public IPEndPoint StatsDUdp => Place("statsd-udp");

    public IPEndPoint StatsDTcp => Place("statsd-tcp");

    public IPEndPoint Graphite => Place("graphite");

    public IPEndPoint Admin => Place("admin");

    /// <summary>Starts a gateway on free ports, which never flushes unless told to, and waits until it listens.</summary>
    public static GatewayProcess Start(params IReadOnlyList<string> arguments) => StartLimited(descriptors: null, arguments);

    /// <param name="descriptors">How many file descriptors it may have, or null for no change.</param>
    /// <param name="arguments">Further options.</param>
    public static GatewayProcess StartLimited(int? descriptors, params IReadOnlyList<string> arguments)
    {
        const string AnyPort = "127.0.0.1:0";
        string[] flush = arguments.Contains(FlushInterval, StringComparer.Ordinal) ? [] : [FlushInterval, "off"];
        GatewayProcess gateway = new(
            descriptors is { } count ? LimitOf(count) : null,
            ["--statsd-udp", AnyPort, "--statsd-tcp", AnyPort, "--graphite", AnyPort, "--admin", AnyPort, .. flush, .. arguments]);
        gateway.ReadUntilListening();
        return gateway;
    }

    /// <summary>Starts the program with just these arguments and waits for nothing.</summary>
    public static GatewayProcess StartBare(params IReadOnlyList<string> arguments) => new(preparation: null, arguments);

    /// <summary>Starts the program with no more than so many descriptors, and waits for nothing.</summary>
    public static GatewayProcess StartBareLimited(int descriptors) => new(LimitOf(descriptors), []);

    /// <summary>Starts the program on free ports as a user who has no other thread and may have no more than so many, and waits for
    /// nothing. For root only, who may be any user, and is not limited.</summary>
    public static GatewayProcess StartBareWithThreads(int threads) => new(
        $"exec setpriv --reuid {UserOfNothing} --clear-groups prlimit --nproc={threads} \"$@\"; ",
        ["--statsd-udp", "127.0.0.1:0", "--statsd-tcp", "off", "--graphite", "off", "--admin", "127.0.0.1:0"]);

    /// <summary>Starts the program with just these arguments, and with its signals as <c>env(1)</c> is told to set them.</summary>
    public static GatewayProcess StartWithSignals(string signals, params IReadOnlyList<string> arguments) =>
        new(preparation: null, arguments, signals);

    /// <summary>Reads up to the line of the admin port, which is the last one.</summary>
    public void ReadUntilListening()
    {
        if (!TryReadUntilListening())
        {
            throw new InvalidOperationException($"The gateway ended without listening: {Errors}");
        }
    }

    /// <summary>As <see cref="ReadUntilListening"/>. False if it ends without listening.</summary>
    public bool TryReadUntilListening()
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            _output.Append(line).Append('\n');
            if (line.StartsWith("admin ", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    public AdminClient ConnectAdmin() => new(Admin);

    public IPEndPoint Place(string option) => Places(option).Single();

    public IPEndPoint[] Places(string option)
    {
        string start = $"{option} listens on ";
        return
        [
            .. Output.Split('\n')
                .Where(line => line.StartsWith(start, StringComparison.Ordinal))
                .Select(line => IPEndPoint.Parse(line[start.Length..])),
        ];
    }

    /// <summary>Sends signals, one right after the other.</summary>
    public void Signal(params IReadOnlyList<string> signals) =>
        RunTool("/bin/sh", "-c", string.Join("; ", signals.Select(signal => $"kill -{signal} {_process.Id}")) + "; true");

    /// <summary>Sets the limit of descriptors of the running process; what is open stays open.</summary>
    public void LimitDescriptors(int count) =>
        RunTool("prlimit", "--pid", _process.Id.ToString(CultureInfo.InvariantCulture), $"--nofile={count}:");

    /// <summary>Sets how large the files may become that the running process writes.</summary>
    public void LimitFileSize(int bytes) =>
        RunTool("prlimit", "--pid", _process.Id.ToString(CultureInfo.InvariantCulture), $"--fsize={bytes}:");

    /// <summary>Reads no more, like the program behind a pipe that has ended.</summary>
    public void CloseOutput()
    {
        _isOutputClosed = true;
        _process.StandardOutput.Dispose();
    }

    /// <returns>The exit code, all standard output, and all standard error.</returns>
    public (int ExitCode, string Output, string Errors) WaitForExit()
    {
        if (!_isOutputClosed)
        {
            _output.Append(_process.StandardOutput.ReadToEnd());
        }

        Assert.True(_process.WaitForExit(Patience.Milliseconds), "The gateway does not end.");
        Assert.True(_errorsEnd.Wait(Patience.Limit), "Its standard error does not end.");
        return (_process.ExitCode, Output, Errors);
    }

    /// <summary>Waits for the exit like a reader who is stuck: what is written to standard output stays unread.</summary>
    public int WaitForExitUnread()
    {
        Assert.True(_process.WaitForExit(Patience.Limit), "The gateway does not end.");
        return _process.ExitCode;
    }

    /// <summary>Waits until this was said on standard error.</summary>
    public void WaitForError(string text) =>
        Patience.WaitUntil(() => Errors.Contains(text, StringComparison.Ordinal), () => $"'{text}' was not said, but: {Errors}");

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static string LimitOf(int descriptors) => $"ulimit -n {descriptors}; ";

    private void ReadErrors()
    {
        while (_process.StandardError.ReadLine() is { } line)
        {
            lock (_errors)
            {
                _errors.Append(line).Append('\n');
            }
        }
    }

    private static void RunTool(string tool, params IReadOnlyList<string> arguments)
    {
        using Process process = Process.Start(tool, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
