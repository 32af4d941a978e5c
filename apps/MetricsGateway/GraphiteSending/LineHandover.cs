using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace MetricsGateway.GraphiteSending;

/// <summary>
/// Hands blocks of lines from the worker that writes a flush to the loop that sends them, while the flush is still being written. So a
/// flush may be larger than the buffer, if the server takes it fast enough.
/// </summary>
/// <remarks>
/// <para>
/// The blocks here are bounded, and so is the loop's queue. If both together exceed the limit and the server takes data, the worker waits,
/// for a limited time per flush: the next flush comes due, and other targets need this one, too. When that time is over, or the server
/// takes nothing, the oldest blocks are dropped.
/// </para>
/// <para>
/// The worker adds; the loop takes, and reports what it has sent. Both do so under the lock, which is held only for that.
/// </para>
/// </remarks>
/// <param name="limit">The first <see cref="SetLimit"/>.</param>
/// <param name="pool">Takes dropped blocks.</param>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing.")]
internal sealed class LineHandover(long limit, LineBlockPool pool)
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _progress = new(0, 1);
    private readonly Queue<LineBlock> _blocks = new();
    private long _limit = limit;
    private long _bytes;
    private long _queued;
    private long _dropped;
    private TimeSpan _patience;
    private long _end = long.MaxValue;
    private bool _isTaking;
    private bool _isWaiting;
    private bool _isAnnounced;

    /// <summary>There are blocks to take. Raised by the worker, and not again before they were taken.</summary>
    public event Action? Added;

    public void SetLimit(long bytes)
    {
        lock (_gate)
        {
            _limit = bytes;
        }
    }

    /// <summary>From then on no flush waits any more: the gateway stops, and the other targets need its last flush.</summary>
    public void EndPatience(TimeSpan after)
    {
        lock (_gate)
        {
            _end = Stopwatch.GetTimestamp() + (long)(after.TotalSeconds * Stopwatch.Frequency);
            Wake();
        }
    }

    /// <summary>A flush begins.</summary>
    /// <param name="patience">How long the flush may wait in total.</param>
    public void Begin(TimeSpan patience) => _patience = patience;

    /// <summary>Adds a block. The worker may have to wait.</summary>
    public void Add(LineBlock block)
    {
        while (MustWait(block.Length, out TimeSpan limit))
        {
            long begin = Stopwatch.GetTimestamp();
            _progress.Wait(limit);
            _patience -= Stopwatch.GetElapsedTime(begin);
        }

        bool isFirst;
        lock (_gate)
        {
            _isWaiting = false;
            _blocks.Enqueue(block);
            _bytes += block.Length;
            while (_bytes > _limit && _blocks.Count > 1)
            {
                LineBlock oldest = _blocks.Dequeue();
                _bytes -= oldest.Length;
                _dropped += oldest.Lines;
                pool.Return(oldest);
            }

            isFirst = !_isAnnounced;
            _isAnnounced = true;
        }

        if (isFirst)
        {
            Added?.Invoke();
        }
    }

    /// <summary>Takes all blocks that were added.</summary>
    /// <param name="dropped">The number of lines dropped since the last call.</param>
    public IReadOnlyCollection<LineBlock> Take(out long dropped)
    {
        lock (_gate)
        {
            LineBlock[] blocks = [.. _blocks];
            _blocks.Clear();

            // From here on they wait in the loop's queue.
            _queued += _bytes;
            _bytes = 0;
            dropped = _dropped;
            _dropped = 0;
            _isAnnounced = false;
            return blocks;
        }
    }

    /// <summary>The loop has sent something, or no longer can.</summary>
    /// <param name="queued">The bytes in the loop's queue.</param>
    /// <param name="isTaking">Whether the server takes data, as far as is known.</param>
    public void Report(long queued, bool isTaking)
    {
        lock (_gate)
        {
            _queued = queued;
            _isTaking = isTaking;
            Wake();
        }
    }

    private void Wake()
    {
        if (_isWaiting)
        {
            _isWaiting = false;
            _progress.Release();
        }
    }

    private bool MustWait(int length, out TimeSpan limit)
    {
        lock (_gate)
        {
            limit = Left();
            _isWaiting = _isTaking && limit > TimeSpan.Zero && _bytes + _queued + length > _limit;
            if (_isWaiting)
            {
                // An earlier signal does not count: the worker waits for progress from now on.
                _progress.Wait(0);
            }

            return _isWaiting;
        }
    }

    private TimeSpan Left()
    {
        long now = Stopwatch.GetTimestamp();
        return _end == long.MaxValue || _patience < Stopwatch.GetElapsedTime(now, _end) ? _patience : Stopwatch.GetElapsedTime(now, _end);
    }
}
