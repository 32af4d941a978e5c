using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace MetricsGateway.GraphiteSending;

/// <summary>
/// Hands blocks of lines from the worker that writes a flush to the loop that sends them, while the flush is still being written: so a
/// flush may be larger than what may wait, if the server takes it as fast as it comes.
/// </summary>
/// <remarks>
/// <para>
/// What may wait is bounded here, and once more in the queue of the loop. Where both together are full and the server takes something, the
/// worker waits, for a time that is limited for each flush: the next one is due, and others are told of this one too. When that is over, or
/// the server takes nothing, the oldest blocks are dropped.
/// </para>
/// <para>
/// The worker adds; the loop takes, and says what it has sent. Both under the lock, which is held for no longer than that.
/// </para>
/// </remarks>
/// <param name="limit">The first <see cref="SetLimit"/>.</param>
/// <param name="pool">Where blocks go that are dropped.</param>
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

    /// <summary>There is something to take. Raised by the worker, and not again before it was taken.</summary>
    public event Action? Added;

    public void SetLimit(long bytes)
    {
        lock (_gate)
        {
            _limit = bytes;
        }
    }

    /// <summary>From then on nobody waits any more, in whichever flush: the gateway ends, and others are to be told of its last
    /// one.</summary>
    public void EndPatience(TimeSpan after)
    {
        lock (_gate)
        {
            _end = Stopwatch.GetTimestamp() + (long)(after.TotalSeconds * Stopwatch.Frequency);
            Wake();
        }
    }

    /// <summary>A flush begins.</summary>
    /// <param name="patience">How long it may wait, all times together.</param>
    public void Begin(TimeSpan patience) => _patience = patience;

    /// <summary>Takes a block over. The worker may have to wait.</summary>
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

    /// <summary>Takes all that was added.</summary>
    /// <param name="dropped">How many lines were dropped since the last time.</param>
    public IReadOnlyCollection<LineBlock> Take(out long dropped)
    {
        lock (_gate)
        {
            LineBlock[] blocks = [.. _blocks];
            _blocks.Clear();

            // They wait at the loop from here on.
            _queued += _bytes;
            _bytes = 0;
            dropped = _dropped;
            _dropped = 0;
            _isAnnounced = false;
            return blocks;
        }
    }

    /// <summary>The loop has sent something, or cannot any more.</summary>
    /// <param name="queued">How many bytes wait at the loop.</param>
    /// <param name="isTaking">Whether the server takes what is sent, as far as one can know.</param>
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
                // What was said before does not count: who waits wants to hear of what comes.
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
