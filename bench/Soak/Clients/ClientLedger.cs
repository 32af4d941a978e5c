namespace Soak.Clients;

/// <summary>What clients have sent. Any thread.</summary>
internal sealed class ClientLedger
{
    private readonly long[] _clients = new long[Enum.GetValues<ClientKind>().Length];
    private long _closed;
    private long _either;
    private long _lost;
    private long _counted;
    private long _datagrams;

    /// <summary>The sum over all TCP clients that closed normally.</summary>
    public long Closed => Interlocked.Read(ref _closed);

    /// <summary>The most that can be counted beside that: of clients that wanted to close normally, and were cut off.</summary>
    public long Either => Interlocked.Read(ref _either);

    /// <summary>The most that can be counted of the others.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>The datagrams with a counter of one.</summary>
    public long Counted => Interlocked.Read(ref _counted);

    /// <summary>All datagrams.</summary>
    public long Datagrams => Interlocked.Read(ref _datagrams);

    public long CountOf(ClientKind kind) => Interlocked.Read(ref _clients[(int)kind]);

    public void Add(ClientKind kind) => Interlocked.Increment(ref _clients[(int)kind]);

    public void AddClosed(long sum) => Interlocked.Add(ref _closed, sum);

    public void AddEither(long sum) => Interlocked.Add(ref _either, sum);

    public void AddLost(long sum) => Interlocked.Add(ref _lost, sum);

    public void AddDatagram(bool isCounted)
    {
        Interlocked.Increment(ref _datagrams);
        if (isCounted)
        {
            Interlocked.Increment(ref _counted);
        }
    }
}
