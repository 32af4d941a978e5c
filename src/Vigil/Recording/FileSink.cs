using Vigil.Threading;

namespace Vigil.Recording;

/// <summary>
/// Writes chunks to a file on a thread of its own, since a disk can take seconds. Chunks that wait for it are bounded: if all are full, the
/// loop goes on and what it would record is lost.
/// </summary>
internal sealed class FileSink : IChunkSink
{
    private readonly RecordingFile _file;
    private readonly Lock _gate = new();
    private readonly Queue<Chunk> _full = new();
    private readonly Stack<Chunk> _free = new();
    private readonly AutoResetEvent _hasWork = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _capacity;
    private int _chunks;
    private bool _isEnding;
    private volatile Exception? _failure;

    /// <param name="file">The file, which this closes.</param>
    /// <param name="capacity">How many chunks there may be.</param>
    /// <exception cref="EventManagerException">No thread is available.</exception>
    public FileSink(RecordingFile file, int capacity)
    {
        _file = file;
        _capacity = capacity;
        new LibraryThread("vigil-recorder", Run).Start();
    }

    /// <summary>Why nothing is written any more; null if all is.</summary>
    public Exception? Failure => _failure;

    public Chunk? Exchange(Chunk? full)
    {
        Chunk? empty;
        using (Uninterrupted.Enter(_gate))
        {
            if (full is not null)
            {
                _full.Enqueue(full);
            }

            if (!_free.TryPop(out empty) && _chunks < _capacity)
            {
                _chunks++;
                empty = new Chunk();
            }
        }

        _hasWork.Set();
        return empty;
    }

    /// <summary>Waits until everything is written, and closes the file.</summary>
    public void Dispose()
    {
        using (Uninterrupted.Enter(_gate))
        {
            _isEnding = true;
        }

        _hasWork.Set();
        Uninterrupted.Wait(_ended.Task, Timeout.InfiniteTimeSpan);
        _hasWork.Dispose();
    }

    private void Run()
    {
        try
        {
            while (TryTake(out Chunk? chunk))
            {
                Write(chunk);
                using (Uninterrupted.Enter(_gate))
                {
                    _free.Push(chunk);
                }
            }
        }
        finally
        {
            Close();
            _ended.SetResult();
        }
    }

    // On a file system of the network, closing reports what writing did not.
    private void Close()
    {
        try
        {
            _file.Dispose();
        }
        catch (IOException exception)
        {
            _failure ??= exception;
        }
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Chunk? chunk)
    {
        while (true)
        {
            using (Uninterrupted.Enter(_gate))
            {
                if (_full.TryDequeue(out chunk))
                {
                    return true;
                }

                if (_isEnding)
                {
                    return false;
                }
            }

            _hasWork.WaitOne();
        }
    }

    // After a failure the rest is dropped: a recording with a hole that nobody sees would be worse than a short one.
    private void Write(Chunk chunk)
    {
        if (_failure is not null)
        {
            return;
        }

        try
        {
            _file.Write(chunk);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _failure = exception;
        }
    }
}
