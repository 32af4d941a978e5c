namespace Exploration;

/// <summary>What the explorer knows about one place in memory during one execution.</summary>
internal sealed class Location(int threads, UInt128 name)
{
    /// <summary>The store whose value is in memory; 0 for the value from before the threads began.</summary>
    public UInt128 LatestStore { get; set; }

    /// <summary>What it is called in each execution; 0 if it has no such name.</summary>
    public UInt128 Name => name;

    /// <summary>What the thread of the latest store knew when it stored.</summary>
    public int[]? StoreClock { get; set; }

    /// <summary>The thread of the last store that was executed, whether or not it is in memory, and its time; for finding races.</summary>
    public int LastWriter { get; set; } = -1;

    public int LastWriteTime { get; set; }

    /// <summary>When each thread last loaded from here.</summary>
    public int[] LoadTimes { get; } = new int[threads];

    /// <summary>What is known of its names over all executions.</summary>
    public Sharing? Sharing { get; set; }
}
