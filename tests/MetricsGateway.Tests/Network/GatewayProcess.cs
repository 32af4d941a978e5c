using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace MetricsGateway.Tests.Network;

/// <summary>The program as users start it, in a process of its own.</summary>
internal sealed class GatewayProcess : IDisposable
{
    public const string FlushInterval = "--flush-interval";

    // A user who owns nothing. Each run of the tests has another one, because the kernel counts all threads of a user.
    private static readonly int UserOfNothing = 100_000 + Environment.ProcessId;

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly Task _errorsEnd;
    private bool _isOutputClosed;

    // The preparation is executed by the shell that then executes the program: it sets limits.
    private GatewayProcess(string? preparation, IReadOnlyList<string> arguments, string? signals = null)
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string program = Path.Combine(AppContext.BaseDirectory, "MetricsGateway.dll");

        // Tests in the background of a script ignore SIGINT, and under nohup SIGHUP; children would inherit that.
        ProcessStartInfo start = new(
            "env",
            [.. (signals ?? "--default-signal=HUP,INT,TERM,USR1").Split(' '), "sh", "-c", $"{preparation}exec \"$@\"", "sh", dotnet,
                program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The process ends before profile-guided optimization pays for its cost.
        start.Environment["DOTNET_TieredPGO"] = "0";
        _process = Process.Start(start)!;

        // A dedicated thread: the pool has few threads on a machine with few processors.
        _errorsEnd = Task.Factory.StartNew(
            ReadErrors, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
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

    /// <summary>Starts a gateway on free ports, which never flushes unless told to, and waits until it listens. No other
    /// test is given the port of its Graphite listener after that is closed.</summary>
    public static GatewayProcess Start(params IReadOnlyList<string> arguments) => StartLimited(descriptors: null, arguments);

    /// <param name="descriptors">The limit of file descriptors, or null for no change.</param>
    /// <param name="arguments">Further options.</param>
    public static GatewayProcess StartLimited(int? descriptors, params IReadOnlyList<string> arguments)
    {
        const string AnyPort = "127.0.0.1:0";
        string[] flush = arguments.Contains(FlushInterval, StringComparer.Ordinal) ? [] : [FlushInterval, "off"];
        GatewayProcess gateway = new(
            descriptors is { } count ? LimitOf(count) : null,
            ["--statsd-udp", AnyPort, "--statsd-tcp", AnyPort, "--graphite", $"{KeptPort.NextAtLoopback()}", "--admin", AnyPort, .. flush,
                .. arguments]);
        gateway.ReadUntilListening();
        return gateway;
    }

    /// <summary>Starts the program with just these arguments, in a shell that has done something before, and waits for nothing.</summary>
    public static GatewayProcess StartPrepared(string preparation, params IReadOnlyList<string> arguments) => new(preparation, arguments);

    /// <summary>Starts the program with just these arguments and waits for nothing.</summary>
    public static GatewayProcess StartBare(params IReadOnlyList<string> arguments) => new(preparation: null, arguments);

    /// <summary>Starts the program with at most that many descriptors, and waits for nothing.</summary>
    public static GatewayProcess StartBareLimited(int descriptors) => new(LimitOf(descriptors), []);

    /// <summary>Starts the program on free ports as a user who has no other thread and may have only that many, and waits for nothing. For
    /// root only, who can become any user, and is not limited.</summary>
    public static GatewayProcess StartBareWithThreads(int threads) => new(
        $"exec setpriv --reuid {UserOfNothing} --clear-groups prlimit --nproc={threads} \"$@\"; ",
        ["--statsd-udp", "127.0.0.1:0", "--statsd-tcp", "off", "--graphite", "off", "--admin", "127.0.0.1:0"]);

    /// <summary>Starts the program with just these arguments, and with its signals as these options of <c>env(1)</c> set them.</summary>
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

    /// <summary>Sets the size limit of files that the running process writes.</summary>
    public void LimitFileSize(int bytes) =>
        RunTool("prlimit", "--pid", _process.Id.ToString(CultureInfo.InvariantCulture), $"--fsize={bytes}:");

    /// <summary>Stops reading, as when the program behind a pipe has ended.</summary>
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
            Task<string> rest = _process.StandardOutput.ReadToEndAsync();
            Assert.True(rest.Wait(Patience.Limit), $"Its standard output does not end. Its errors: {Errors}");
            _output.Append(rest.Result);
        }

        Assert.True(_process.WaitForExit(Patience.Milliseconds), "The gateway does not end.");
        Assert.True(_errorsEnd.Wait(Patience.Limit), "Its standard error does not end.");
        return (_process.ExitCode, Output, Errors);
    }

    /// <summary>Waits for the exit like a reader that is stuck: standard output stays unread.</summary>
    public int WaitForExitUnread()
    {
        Assert.True(_process.WaitForExit(Patience.Limit), "The gateway does not end.");
        return _process.ExitCode;
    }

    /// <summary>Waits for this text on standard error.</summary>
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
        if (Errors is { Length: > 0 } errors)
        {
            // Shown where the test fails.
            TestContext.Current.TestOutputHelper?.WriteLine($"The gateway's standard error: {errors}");
        }
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
