using System.Buffers;
using System.Text;
using MetricsGateway.Configuration;
using MetricsGateway.Protocols;

namespace MetricsGateway.Admin;

/// <summary>What all admin connections share. Each has its own splitter and output buffer.</summary>
/// <param name="commands">Executes the commands that can be answered at once.</param>
/// <param name="getStatus">Gets the status of the network part.</param>
/// <param name="reload">
/// Reloads the configuration, and calls back on the loop, in a later callback, with a line about the result. Returns an action that
/// withdraws the callback.
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

    /// <summary>Bytes of memory for answers that admin clients have not read.</summary>
    public long UnreadBytes => _budget.Used;

    /// <summary>Commands that exceeded the limit of a line's length.</summary>
    public long OverlongCommands { get; private set; }

    public LineSplitter CreateSplitter() => new(Options.MaxLineLength);

    public OutputBuffer CreateOutput() => new(_budget);

    /// <summary>Executes one command line and writes its answer, unless the answer comes later.</summary>
    public AdminResult Answer(ReadOnlySpan<byte> line, IBufferWriter<byte> output)
    {
        if (!IsHttp(line))
        {
            return commands.Execute(line, getStatus(), output);
        }

        // A web page can make its visitor's browser send a request to any port of his machine, with commands in the body.
        output.Write("ERROR this is not HTTP\n"u8);
        return AdminResult.Close;
    }

    /// <summary>
    /// The rest of the answer after <see cref="AdminResult.Continues"/>: each step writes a part of it to the output. The caller disposes
    /// it.
    /// </summary>
    public IEnumerator<int> TakeRest() => commands.TakeRest();

    /// <summary>Begins a reload for <see cref="AdminResult.Reload"/>.</summary>
    /// <param name="onDone">Called on the loop, in a later callback, with the argument for <see cref="AnswerReload"/>.</param>
    /// <returns>Withdraws the callback, if the client leaves before.</returns>
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

    /// <summary>The gateway's state as a block of text.</summary>
    public string DescribeState() => StateReport.Create(commands, getStatus());

    /// <summary>
    /// Executes every command that changes nothing, and discards the answers. The runtime loads assemblies when they are first used, and
    /// could not open them when the file descriptors have run out, which is when an operator asks most.
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
