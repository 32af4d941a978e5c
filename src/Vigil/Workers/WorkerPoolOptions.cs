using Vigil.Interop;

namespace Vigil;

/// <summary>How a <see cref="WorkerPool"/> is set up. Copied and checked when the pool is constructed.</summary>
public sealed class WorkerPoolOptions
{
    /// <summary>The maximum <see cref="ThreadCount"/>.</summary>
    public const int MaxThreadCount = 1024;

    /// <summary>
    /// The name of the pool in messages. Its threads are named after it, with their numbers. The kernel shows 15 bytes of a thread's name.
    /// Default: "worker".
    /// </summary>
    public string Name { get; set; } = "worker";

    /// <summary>The number of threads, 1 to <see cref="MaxThreadCount"/>. Default: one per processor.</summary>
    public int ThreadCount { get; set; } = Environment.ProcessorCount;

    /// <summary>How much work may wait, in all queues together. Default: 0, for no bound.</summary>
    public int QueueCapacity { get; set; }

    /// <summary>How work is treated when the queue is full. Default: <see cref="QueueFullPolicy.Reject"/>.</summary>
    public QueueFullPolicy WhenFull { get; set; }

    /// <summary>After how long waiting work counts as one priority higher; more than zero. Default: 100 ms.</summary>
    public TimeSpan Ageing { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long a thread without work searches before it sleeps; zero to one second. At most half of the threads search at a time, and
    /// while one does, senders need no system call. Default: 20 µs.
    /// </summary>
    public TimeSpan SpinBeforeSleep { get; set; } = TimeSpan.FromMicroseconds(20);

    /// <summary>
    /// The processors that the threads are bound to, one each, reused in turn if there are more threads. Default: null, for no binding. Do
    /// not name a processor that real-time threads keep busy: work left to its worker, or taken by it, waits for that processor even if
    /// others are idle.
    /// </summary>
    public IReadOnlyList<int>? Processors { get; set; }

    /// <summary>
    /// How long <see cref="WorkerPool.DisposeAsync"/> waits for the remaining work; zero or more, or infinite. Default: 5 s.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long work may wait before <see cref="WorkerPool.WorkWaiting"/> reports it, with what the threads are running; more than zero.
    /// Default: <see cref="Timeout.InfiniteTimeSpan"/>, for no limit and no watching.
    /// </summary>
    public TimeSpan WaitLimit { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>Checks the options as the pool's constructor does, except whether the machine has the processors.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names the option and the range.</exception>
    public void Validate() => _ = ToChecked();

    /// <summary>A checked copy.</summary>
    internal WorkerPoolOptions ToChecked()
    {
        var copy = (WorkerPoolOptions)MemberwiseClone();
        ArgumentException.ThrowIfNullOrWhiteSpace(copy.Name, Option(nameof(Name)));
        Check(copy.ThreadCount is >= 1 and <= MaxThreadCount, nameof(ThreadCount), copy.ThreadCount, $"1 to {MaxThreadCount}");
        Check(copy.QueueCapacity >= 0, nameof(QueueCapacity), copy.QueueCapacity, "0 (no bound) or more");
        Check(Enum.IsDefined(copy.WhenFull), nameof(WhenFull), copy.WhenFull, "Reject, Block or RunByCaller");
        Check(copy.Ageing > TimeSpan.Zero, nameof(Ageing), copy.Ageing, "more than zero");
        Check(
            copy.SpinBeforeSleep >= TimeSpan.Zero && copy.SpinBeforeSleep <= TimeSpan.FromSeconds(1),
            nameof(SpinBeforeSleep),
            copy.SpinBeforeSleep,
            "zero to one second");
        Check(
            copy.DrainTimeout >= TimeSpan.Zero || copy.DrainTimeout == Timeout.InfiniteTimeSpan,
            nameof(DrainTimeout),
            copy.DrainTimeout,
            "zero or more, or Timeout.InfiniteTimeSpan");
        Check(
            copy.WaitLimit > TimeSpan.Zero || copy.WaitLimit == Timeout.InfiniteTimeSpan,
            nameof(WaitLimit),
            copy.WaitLimit,
            "more than zero, or Timeout.InfiniteTimeSpan");

        if (copy.Processors is not null)
        {
            copy.Processors = [.. copy.Processors];
            Check(copy.Processors.Count > 0, nameof(Processors), "an empty list", "null, or name a processor");
            foreach (int processor in copy.Processors)
            {
                Check(
                    processor is >= 0 and < SchedulerNative.MaxProcessors,
                    nameof(Processors),
                    processor,
                    $"0 to {SchedulerNative.MaxProcessors - 1}");
            }
        }

        return copy;
    }

    private static void Check(bool isValid, string option, object value, string allowed)
    {
        if (!isValid)
        {
            throw new ArgumentOutOfRangeException(Option(option), value, $"WorkerPoolOptions.{option} must be {allowed}.");
        }
    }

    private static string Option(string name) => $"options.{name}";
}
