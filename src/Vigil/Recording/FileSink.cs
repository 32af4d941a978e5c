using Vigil.Interop;
using Vigil.Threading;

namespace Vigil.Recording;

/// <summary>
/// Writes chunks to a file on a thread of its own, since a disk can take seconds. Chunks that wait for it are bounded: if all are full, the
/// loop goes on and what it would record is lost. What is in the chunk that the loop still writes is in the file at most a second after it
/// was published, also while the loop sleeps.
/// </summary>
internal sealed class FileSink : IChunkSink
{
    // The kernel sends it for a write beyond the limit of file sizes (ulimit -f), by default the end of the process. A thread that has it
    // blocked gets EFBIG instead.
    private const int SIGXFSZ = 25;

    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    private readonly RecordingFile _file;
    private readonly Lock _gate = new();
    private readonly Queue<Chunk> _full = new();
    private readonly Stack<Chunk> _free = new();
    private readonly AutoResetEvent _hasWork = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _capacity;
    private int _chunks;
    private Chunk? _current;
    private bool _isEnding;
    private int _thread;
    private Action<EventManagerException>? _failed;
    private volatile EventManagerException? _failure;

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
    public EventManagerException? Failure => _failure;

    public bool HasFailed => _failure is not null;

    /// <summary>Has somebody told once when nothing can be written any more, on the thread that writes; or here, if that is so.</summary>
    public void Report(Action<EventManagerException> failed)
    {
        EventManagerException? failure;
        using (Uninterrupted.Enter(_gate))
        {
            _failed = failed;
            failure = _failure;
        }

        if (failure is not null)
        {
            failed(failure);
        }
    }

    public Chunk? Exchange(Chunk? full)
    {
        Chunk? empty = null;
        using (Uninterrupted.Enter(_gate))
        {
            if (full is not null)
            {
                _full.Enqueue(full);
            }

            if (_failure is null && !_free.TryPop(out empty) && _chunks < _capacity)
            {
                empty = new Chunk();
                _chunks++;
            }

            _current = empty;
        }

        if (full is not null || empty is not null)
        {
            _hasWork.Set();
        }

        return empty;
    }

    public void OnPublished(Chunk chunk)
    {
        chunk.IsAwaited = false;
        _hasWork.Set();
    }

    /// <summary>Waits until everything is written, and closes the file.</summary>
    public void Dispose()
    {
        using (Uninterrupted.Enter(_gate))
        {
            _isEnding = true;
        }

        _hasWork.Set();
        if (Environment.CurrentManagedThreadId != Volatile.Read(ref _thread))
        {
            // Otherwise this is a handler of the failure that this thread has just reported.
            Uninterrupted.Wait(_ended.Task, Timeout.InfiniteTimeSpan);
        }
    }

    private void Run()
    {
        Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
        SignalNative.Block(1UL << (SIGXFSZ - 1));
        bool isDue = false;
        while (TryTake(out Chunk? chunk, out bool isFull))
        {
            if (isFull)
            {
                Write(chunk!);
                chunk!.Empty();
                using (Uninterrupted.Enter(_gate))
                {
                    _free.Push(chunk);
                }

                isDue = false;
            }
            else if (chunk is null || chunk.Length == chunk.Written)
            {
                Await(chunk);
                isDue = false;
            }
            else if (isDue)
            {
                Write(chunk);
                isDue = false;
            }
            else
            {
                isDue = !_hasWork.WaitOne(LongestDelay);
            }
        }

        int errno = _file.Close();
        if (errno != Errno.Success)
        {
            Fail(errno);
        }

        _ended.SetResult();
    }

    // Full chunks first. False at the end.
    private bool TryTake(out Chunk? chunk, out bool isFull)
    {
        using (Uninterrupted.Enter(_gate))
        {
            isFull = _full.TryDequeue(out chunk);
            if (!isFull)
            {
                chunk = _current;
            }

            return isFull || !_isEnding;
        }
    }

    // Sleeps until there is something to write. The loop publishes without a fence, and then looks whether that is awaited; so this side
    // runs the fence on its processor, too: either it sees that, or what it has published is seen here.
    private void Await(Chunk? chunk)
    {
        if (chunk is not null)
        {
            chunk.IsAwaited = true;
            Interlocked.MemoryBarrierProcessWide();
            if (chunk.Length > chunk.Written)
            {
                return;
            }
        }

        _hasWork.WaitOne();
    }

    // After a failure the rest is dropped: a recording with a hole that nobody sees would be worse than a short one.
    private void Write(Chunk chunk)
    {
        int length = chunk.Length;
        if (length > chunk.Written && _failure is null)
        {
            int errno = _file.Write(chunk, chunk.Written, length);
            if (errno != Errno.Success)
            {
                Fail(errno);
            }
        }

        chunk.Written = length;
    }

    private void Fail(int errno)
    {
        string advice = errno switch
        {
            Errno.ENOSPC or Errno.EDQUOT => "Make room there, or record elsewhere.",
            Errno.EFBIG => "Raise the limit of file sizes (ulimit -f, LimitFSIZE=), or start a new recording sooner.",
            Errno.EBADF => "Was the number of a descriptor closed that was not yours?",
            _ => "Look at the disk, and at the kernel's log (dmesg).",
        };
        var failure = new EventManagerException(
            EventManagerError.System,
            $"The recording {_file.Path} (fd {_file.Number}) cannot be written: {Errno.Describe(errno)}. {advice} "
                + "Nothing is recorded any more; what is in the file can be read and replayed.",
            _file.Number,
            errno);
        Action<EventManagerException>? failed;
        using (Uninterrupted.Enter(_gate))
        {
            if (_failure is not null)
            {
                return;
            }

            _failure = failure;
            failed = _failed;
        }

        failed?.Invoke(failure);
        LibraryThread.ForgetInterrupt();
    }
}
