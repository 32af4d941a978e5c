namespace MetricsGateway.Admin;

/// <summary>
/// The memory for answers that admin clients have not read yet, of all clients together. One that reads is not to suffer from those that
/// do not: where there is no room for it, the client loses its answers that has taken nothing for the longest time, if that is a second; or
/// else the one that holds the most.
/// </summary>
/// <param name="limit">The first <see cref="Limit"/>.</param>
/// <param name="time">Measures how long a client has taken nothing.</param>
internal sealed class OutputBudget(int limit, TimeProvider time)
{
    /// <summary>Who has taken nothing for so long makes room for others. A client that reads takes something many times in it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // Those that hold memory.
    private readonly HashSet<OutputBuffer> _holders = [];

    /// <summary>In bytes. Lowered below what is in use, it lets nobody have more until enough is given back.</summary>
    public int Limit { get; set; } = limit;

    /// <summary>Bytes of memory that are in use; a block counts as a whole.</summary>
    public long Used { get; private set; }

    public long Now => time.GetTimestamp();

    /// <summary>Takes room for a block.</summary>
    /// <returns>False if there is none, and nobody who must make it.</returns>
    public bool TryTake(OutputBuffer holder, int size)
    {
        while (Used + size > Limit)
        {
            // Who would be beyond the limit alone takes nothing from anybody.
            if (holder.Held + size > Limit || (FindStalled(holder) ?? FindLarger(holder, size)) is not { } other)
            {
                return false;
            }

            other.GiveUp();
        }

        Used += size;
        _holders.Add(holder);
        return true;
    }

    /// <summary>Gives room back.</summary>
    public void Return(OutputBuffer holder, int size)
    {
        Used -= size;
        if (holder.Held == 0)
        {
            _holders.Remove(holder);
        }
    }

    private OutputBuffer? FindStalled(OutputBuffer asking) => _holders
        .Where(other => other != asking && time.GetElapsedTime(other.LastProgress) >= Patience)
        .MinBy(other => other.LastProgress);

    private OutputBuffer? FindLarger(OutputBuffer asking, int size) => _holders
        .Where(other => other != asking && other.Held > asking.Held + size)
        .MaxBy(other => other.Held);
}
