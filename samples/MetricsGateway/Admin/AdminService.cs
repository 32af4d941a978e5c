using System.Buffers;
using System.Text;
using MetricsGateway.Configuration;
using MetricsGateway.Protocols;

namespace MetricsGateway.Admin;

/// <summary>What all admin connections share. Each has its own splitter and output buffer.</summary>
internal sealed class AdminService(AdminCommands commands, Func<GatewayStatus> getStatus)
{
    /// <summary>The options in effect.</summary>
    public GatewayOptions Options
    {
        get => commands.Options;
        set => commands.Options = value;
    }

    /// <summary>Commands that broke the limit of a line's length.</summary>
    public long OverlongCommands { get; private set; }

    public LineSplitter CreateSplitter() => new(Options.MaxLineLength);

    public OutputBuffer CreateOutput() => new(Options.AdminBuffer);

    /// <summary>Executes one command line and writes its answer.</summary>
    public AdminResult Answer(ReadOnlySpan<byte> line, IBufferWriter<byte> output) => commands.Execute(line, getStatus(), output);

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
            Answer(Encoding.UTF8.GetBytes(command), nobody);
        }

        DescribeState();
    }
}
