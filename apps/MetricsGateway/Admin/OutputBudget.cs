namespace MetricsGateway.Admin;

/// <summary>
/// The memory for answers that admin clients have not read yet, of all clients together. Clients that do not read must not harm one that
/// does: if there is no room for it, the client that has taken nothing for the longest time, at least a second, loses its answers;
/// otherwise the client that holds the most.
/// </summary>
/// <param name="limit">The first <see cref="Limit"/>.</param>
/// <param name="time">Measures how long a client has taken nothing.</param>
internal sealed class OutputBudget(int limit, TimeProvider time)
{
    /// <summary>A client that has taken nothing for this long makes room for others. A reading client takes something many times in
    /// it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // Buffers that hold memory.
    private readonly HashSet<OutputBuffer> _holders = [];

    /// <summary>In bytes. Lowered below the memory in use, it grants no more until enough is given back.</summary>
    public int Limit { get; set; } = limit;

    /// <summary>Bytes of memory that are in use; a block counts as a whole.</summary>
    public long Used { get; private set; }

    public long Now => time.GetTimestamp();

    /// <summary>Takes room for a block.</summary>
    /// <returns>False if there is none, and no other buffer has to make room.</returns>
    public bool TryTake(OutputBuffer holder, int size)
    {
        while (Used + size > Limit)
        {
            // A buffer that would exceed the limit on its own takes nothing from others.
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
