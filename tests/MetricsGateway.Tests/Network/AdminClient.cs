using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace MetricsGateway.Tests.Network;

/// <summary>Sends commands to the admin port and parses the answers.</summary>
internal sealed class AdminClient(IPEndPoint endpoint) : IDisposable
{
    private readonly Socket _socket = Client.Connect(endpoint);
    private readonly byte[] _buffer = new byte[64 << 10];

    public void Send(string text) => _socket.Send(text.Utf8());

    /// <summary>Sends a command and returns its answer without END; for an unknown command, the error line.</summary>
    public string Ask(string command)
    {
        Send(command + "\n");
        StringBuilder answer = new();
        while (true)
        {
            int count = _socket.Receive(_buffer);
            Assert.True(count > 0, $"The gateway closed the connection after: {answer}");
            answer.Append(Encoding.UTF8.GetString(_buffer, 0, count));
            string text = answer.ToString();
            if (text.EndsWith("END\n\n", StringComparison.Ordinal))
            {
                return text[..^"END\n\n".Length];
            }

            if (text.StartsWith("ERROR", StringComparison.Ordinal) && text.EndsWith('\n'))
            {
                return text;
            }
        }
    }

    public IReadOnlyDictionary<string, long> Stats() => Ask("stats")
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(": "))
        .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);

    public long Stat(string key) => Stats()[key];

    /// <summary>The value of a counter or gauge; null if there is none of that name.</summary>
    public double? Value(string kind, string name)
    {
        using JsonDocument document = JsonDocument.Parse(Ask(kind));
        return document.RootElement.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : null;
    }

    public JsonElement Json(string command)
    {
        using JsonDocument document = JsonDocument.Parse(Ask(command));
        return document.RootElement.Clone();
    }

    public void WaitForStat(string key, long value)
    {
        long seen = 0;
        Patience.WaitUntil(() => (seen = Stat(key)) == value, () => $"{key} is {seen}, not {value}");
    }

    public void WaitForStatAbove(string key, long value)
    {
        long seen = 0;
        Patience.WaitUntil(() => (seen = Stat(key)) > value, () => $"{key} is {seen}, not above {value}");
    }

    /// <summary>
    /// Waits until there were that many flushes and the last one is done. If a test advances its clock earlier, the next flush is skipped.
    /// </summary>
    public void WaitForFlushes(long count)
    {
        IReadOnlyDictionary<string, long> stats = Stats();
        Patience.WaitUntil(
            () => (stats = Stats())["flush.count"] == count && stats["flush.computing"] == 0,
            () => $"flush.count is {stats["flush.count"]}, not {count}, or flush.computing {stats["flush.computing"]}");
    }

    /// <summary>
    /// Lets the loop turn several times: all timers that were due and all input that had arrived before the call are processed when it
    /// returns. One answer is not enough, because it may come from an iteration that began before the call.
    /// </summary>
    public void LetTurn()
    {
        for (int i = 0; i < 3; i++)
        {
            Ask("health");
        }
    }

    /// <summary>Waits until the workers are idle and the loop has processed all their results, which may lead to more work.</summary>
    public void WaitUntilWorkersRest()
    {
        int resting = 0;
        Patience.WaitUntil(
            () =>
            {
                IReadOnlyDictionary<string, long> stats = Stats();
                resting = stats["workers.queued"] + stats["workers.running"] == 0 ? resting + 1 : 0;
                return resting == 3;
            },
            () => "a worker is busy");
    }

    /// <summary>
    /// Waits until the loop turns only for the commands of this client. Right after other input the loop may have work left, so this
    /// repeats its observation. A loop that spins never passes.
    /// </summary>
    /// <param name="processorTime">Gets the processor time of the gateway's process; null if the gateway runs in this one.</param>
    public void WaitUntilAsleep(Func<TimeSpan>? processorTime = null)
    {
        TimeSpan observation = TimeSpan.FromMilliseconds(200);
        long turns = 0;
        TimeSpan used = default;
        Patience.WaitUntil(
            () =>
            {
                long turnsBefore = Stat("loop.turns");
                TimeSpan usedBefore = processorTime?.Invoke() ?? default;
                Thread.Sleep(observation);
                used = (processorTime?.Invoke() ?? default) - usedBefore;
                turns = Stat("loop.turns") - turnsBefore;
                return turns is >= 1 and <= 5 && used < observation / 2;
            },
            () => $"in {observation} it has turned {turns} times and used {used}");
    }

    /// <summary>Waits until the gateway closes the connection.</summary>
    public void WaitUntilClosed() => Assert.Equal("", _socket.ReceiveToEnd());

    /// <summary>
    /// Waits until the console has finished its report. A test may have read a report before the console's thread has finished it, and then
    /// the next flush is not reported.
    /// </summary>
    public void WaitForConsole() => WaitForStat("flush.reporting", 0);

    public void WaitForCounter(string name, double value)
    {
        double? seen = null;
        Patience.WaitUntil(() => (seen = Value("counters", name)) == value, () => $"{name} is {seen}, not {value}");
    }

    public void Dispose() => _socket.Dispose();
}
