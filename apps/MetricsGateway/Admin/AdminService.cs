using System.Buffers;
using System.Text;
using MetricsGateway.Configuration;
using MetricsGateway.Protocols;

namespace MetricsGateway.Admin;

/// <summary>What all admin connections share. Each has its own splitter and output buffer.</summary>
/// <param name="commands">Answers what can be answered at once.</param>
/// <param name="getStatus">What the network part knows.</param>
/// <param name="reload">
/// Loads the configuration again, and calls back on the loop, in a later callback, with a line that says what became of it. It gives what
/// takes back that it calls.
/// </param>
/// <param name="time">Measures how long clients have read nothing.</param>
internal sealed class AdminService(
    AdminCommands commands,
    Func<GatewayStatus> getStatus,
    Func<Action<string>, Action> reload,
    TimeProvider time)
{
    private readonly OutputBudget _budget = new(commands.Options.AdminBuffer, time);

    /// <summary>The options in effect.</summary>
    public GatewayOptions Options
    {
        get => commands.Options;
        set
        {
            commands.Options = value;
            _budget.Limit = value.AdminBuffer;
        }
    }

    /// <summary>Bytes of memory that hold what admin clients have not read.</summary>
    public long UnreadBytes => _budget.Used;

    /// <summary>Commands that broke the limit of a line's length.</summary>
    public long OverlongCommands { get; private set; }

    public LineSplitter CreateSplitter() => new(Options.MaxLineLength);

    public OutputBuffer CreateOutput() => new(_budget);

    /// <summary>Executes one command line and writes its answer, unless that comes later.</summary>
    public AdminResult Answer(ReadOnlySpan<byte> line, IBufferWriter<byte> output)
    {
        if (!IsHttp(line))
        {
            return commands.Execute(line, getStatus(), output);
        }

        // A web page can have its visitor's browser send this to any port of his machine, with commands in the body.
        output.Write("ERROR this is not HTTP\n"u8);
        return AdminResult.Close;
    }

    /// <summary>The answer that <see cref="AdminResult.Continues"/> stands for: each step writes some of it to the output. Whoever takes it
    /// disposes it.</summary>
    public IEnumerator<int> TakeRest() => commands.TakeRest();

    /// <summary>Begins what <see cref="AdminResult.Reload"/> asks for.</summary>
    /// <param name="onDone">Called on the loop, in a later callback, with what <see cref="AnswerReload"/> takes.</param>
    /// <returns>To be called if the client is gone before.</returns>
    public Action BeginReload(Action<string> onDone) => reload(onDone);

    public static void AnswerReload(string result, IBufferWriter<byte> output)
    {
        AnswerWriter answer = new(output);
        answer.Text(result).EndLine();
        answer.EndAnswer();
    }

    public void AnswerOverlongCommand(IBufferWriter<byte> output)
    {
        OverlongCommands++;
        output.Write("ERROR line too long\n"u8);
    }

    /// <summary>What the gateway is doing, in a block of text.</summary>
    public string DescribeState() => StateReport.Create(commands, getStatus());

    /// <summary>
    /// Executes every command that changes nothing, for nobody: the runtime loads assemblies when they are first used, and when
    /// the file descriptors have run out, which is when an operator asks most, it could not open them any more.
    /// </summary>
    public void Preload()
    {
        ArrayBufferWriter<byte> nobody = new();
        foreach (string command in AdminCommands.Harmless)
        {
            if (Answer(Encoding.UTF8.GetBytes(command), nobody) == AdminResult.Continues)
            {
                using IEnumerator<int> rest = TakeRest();
                rest.MoveNext();
            }
        }

        DescribeState();
    }

    // RFC 9112, 3: a request line ends with the version.
    private static bool IsHttp(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> trimmed = line.TrimEnd(" \t"u8);
        return trimmed[(trimmed.LastIndexOfAny(" \t"u8) + 1)..].StartsWith("HTTP/"u8);
    }
}
