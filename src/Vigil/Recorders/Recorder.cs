using Vigil.Interop;
using Vigil.IO;
using Vigil.Recording;
using Vigil.Threading;

namespace Vigil;

/// <summary>
/// Records what an event manager gets from outside, or replays it (<see cref="EventManagerOptions.Recorder"/>). One recorder serves one
/// manager.
/// </summary>
/// <remarks>
/// <para>Recorded are: what each wait of the poller reports and each registration's outcome; each reading of the loop's clocks; how many
/// messages each iteration takes; signals and the ends of children; what file events ask the kernel; the traffic of descriptors that were
/// opened by <see cref="Open"/>, and inputs from other threads (<see cref="RecordedInput{T}"/>). A replay runs the same program: it gets
/// the same answers, waits for nothing, and needs none of the descriptors. The first question that was not recorded ends it
/// (<see cref="ReplayDivergedException"/>).</para>
/// <para>Recordings hold traffic. Their files are created for their owner alone (mode 0600).</para>
/// </remarks>
public sealed class Recorder : IDisposable
{
    private const int SmallestBuffer = 2 * Chunk.Size;
    private const int GreatestBuffer = 1 << 30;

    private readonly RecordWriter? _writer;
    private readonly FileSink? _file;
    private readonly RingSink? _ring;
    private readonly RecordingHeader _header;
    private readonly Lock _gate = new();
    private bool _isUsed;
    private bool _isHeld;
    private bool _isDisposed;

    private Recorder(RecordingSession session, RecordingHeader header, RecordWriter? writer = null, IChunkSink? sink = null)
    {
        Session = session;
        _header = header;
        _writer = writer;
        _file = sink as FileSink;
        _ring = sink as RingSink;
    }

    /// <summary>Whether it replays.</summary>
    public bool IsReplay => Session is ReplaySession;

    /// <summary>Whether everything that was recorded has been replayed. The manager's run ends then.</summary>
    public bool IsOver => Session is ReplaySession { IsOver: true };

    /// <summary>
    /// How many bytes of records were lost, because the disk did not keep up. Such a recording can be replayed up to the gap.
    /// </summary>
    public long LostBytes => _writer?.Lost ?? 0;

    /// <summary>
    /// Why nothing is written to the file any more; null if everything is. Its manager reports it, too
    /// (<see cref="FaultOrigin.Recorder"/>). Any thread.
    /// </summary>
    public EventManagerException? Failure => _file?.Failure;

    internal RecordingSession Session { get; }

    /// <summary>Records to a file, which a thread of its own writes.</summary>
    /// <param name="path">The file. There must be none yet.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="ArgumentException">The path is empty, or an option is out of range.</exception>
    /// <exception cref="IOException">The file exists, or cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be written.</exception>
    /// <exception cref="EventManagerException">No thread is available.</exception>
    public static Recorder ToFile(string path, RecorderOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options = Checked(options);
        RecordingHeader header = HeaderOf(options);
        var file = new RecordingFile(path, header);
        try
        {
            return Create(new FileSink(file, options.BufferBytes / Chunk.Size), header);
        }
        catch
        {
            file.Delete();
            throw;
        }
    }

    /// <summary>Keeps the last records in memory, to be saved when something has happened (<see cref="Save"/>).</summary>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static Recorder ToRing(RecorderOptions? options = null)
    {
        options = Checked(options);
        return Create(new RingSink(options.BufferBytes / Chunk.Size), HeaderOf(options));
    }

    /// <summary>Replays a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be read, or is a directory.</exception>
    /// <exception cref="InvalidDataException">It is no recording, one of another version, or its beginning is damaged.</exception>
    public static Recorder Replay(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        RecordReader reader = RecordReader.Open(path);
        try
        {
            return new Recorder(new ReplaySession(reader), reader.Header);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Reads a file as text: a line for each record, with the number of its iteration. For people.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The lines, which are read from the file one after the other. Enumerate them once.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be read, or is a directory.</exception>
    /// <exception cref="InvalidDataException">It is no recording, one of another version, or damaged.</exception>
    public static IEnumerable<string> ReadText(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return RecordText.LinesOf(RecordReader.Open(path));
    }

    /// <summary>
    /// Opens a descriptor whose traffic is a part of the recording. Use it on the loop's thread, by <see cref="NonBlocking"/>. In a replay
    /// nothing is opened.
    /// </summary>
    /// <param name="name">Its name in the recording: valid Unicode of 1,024 bytes at most.</param>
    /// <param name="open">Opens it.</param>
    /// <returns>The descriptor. The caller disposes it. In a replay it has another number, which the kernel does not know.</returns>
    /// <exception cref="ArgumentException">The name is empty, too long or invalid, or nothing was opened.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the loop's.</exception>
    /// <remarks>
    /// What <paramref name="open"/> throws is a part of the recording, and thrown again in the replay: an
    /// <see cref="EventManagerException"/>, <see cref="IOException"/>, <see cref="FileNotFoundException"/>,
    /// <see cref="DirectoryNotFoundException"/>, <see cref="UnauthorizedAccessException"/>,
    /// <see cref="System.Net.Sockets.SocketException"/> or <see cref="ArgumentException"/> with its message and code, any other as an
    /// <see cref="InvalidOperationException"/> that names its type.
    /// </remarks>
    public FdHandle Open(string name, Func<FdHandle> open)
    {
        RecordingSession.RequireName(name, nameof(name));
        ArgumentNullException.ThrowIfNull(open);
        return Session.Open(name, open);
    }

    /// <summary>Writes what a ring keeps to a file, for its owner alone. On the loop's thread, or after the manager's disposal.</summary>
    /// <param name="path">The file. There must be none yet.</param>
    /// <exception cref="InvalidOperationException">It does not record to a ring, or another thread may be recording.</exception>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (_ring is null)
        {
            throw new InvalidOperationException("Only a recorder that keeps a ring has something to save.");
        }

        bool isOver;
        using (Uninterrupted.Enter(_gate))
        {
            isOver = _isUsed && !_isHeld;
        }

        ((LiveSession)Session).Publish(isOver);
        using var file = new RecordingFile(path, _header);
        IEnumerable<Chunk> chunks = _writer!.Current is { Length: > 0 } current ? _ring.Chunks.Append(current) : _ring.Chunks;
        int errno = Errno.Success;
        foreach (Chunk chunk in chunks)
        {
            errno = errno == Errno.Success ? file.Write(chunk, from: 0, chunk.Length) : errno;
        }

        errno = errno == Errno.Success ? file.Close() : errno;
        if (errno != Errno.Success)
        {
            throw file.NotWritten(errno);
        }
    }

    /// <summary>
    /// Writes what is left and closes the file. If its manager is not disposed, that does it when it is. Any thread.
    /// </summary>
    public void Dispose()
    {
        using (Uninterrupted.Enter(_gate))
        {
            _isDisposed = true;
            if (_isHeld)
            {
                return;
            }
        }

        Session.Dispose();
    }

    /// <summary>A manager begins to use it.</summary>
    /// <exception cref="ArgumentException">Another manager uses it, or has.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    internal RecordingSession Use()
    {
        using (Uninterrupted.Enter(_gate))
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_isUsed)
            {
                throw new ArgumentException("A recorder serves one manager: create another one.", "options.Recorder");
            }

            _isUsed = _isHeld = true;
        }

        return Session;
    }

    /// <summary>Its manager uses it no more.</summary>
    internal void Release()
    {
        using (Uninterrupted.Enter(_gate))
        {
            _isHeld = false;
            if (!_isDisposed)
            {
                return;
            }
        }

        Session.Dispose();
    }

    /// <summary>What the replay has diverged by, if no run has thrown it.</summary>
    internal ReplayDivergedException? TakeUnreported() => (Session as ReplaySession)?.TakeUnreported();

    /// <summary>When everything is replayed, the run ends.</summary>
    internal void StopAtEnd(Action stop)
    {
        if (Session is ReplaySession replay)
        {
            replay.Stop = stop;
        }
    }

    private static Recorder Create(IChunkSink sink, RecordingHeader header)
    {
        var writer = new RecordWriter(sink);
        return new Recorder(new LiveSession(writer, sink as FileSink, header.HasTraffic), header, writer, sink);
    }

    private static RecorderOptions Checked(RecorderOptions? options)
    {
        options ??= new RecorderOptions();
        return options.BufferBytes is >= SmallestBuffer and <= GreatestBuffer
            ? options
            : throw new ArgumentOutOfRangeException(
                "options.BufferBytes",
                options.BufferBytes,
                $"RecorderOptions.BufferBytes must be {SmallestBuffer} to {GreatestBuffer}.");
    }

    private static RecordingHeader HeaderOf(RecorderOptions options) =>
        new((DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100, options.IncludeTraffic);
}
