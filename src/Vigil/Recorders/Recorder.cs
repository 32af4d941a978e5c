using Vigil.IO;
using Vigil.Recording;

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
    private int _isInUse;

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

    /// <summary>Why nothing is written to the file any more; null if everything is. Any thread.</summary>
    public Exception? Failure => _file?.Failure;

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
            file.Dispose();
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
    /// <exception cref="InvalidDataException">It is no recording, or one of another version.</exception>
    public static Recorder Replay(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var reader = new RecordReader(File.ReadAllBytes(path), path);
        return new Recorder(new ReplaySession(reader), reader.Header);
    }

    /// <summary>Reads a file as text: a line for each record, with the number of its iteration. For people.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The lines.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is no recording, one of another version, or damaged.</exception>
    public static IEnumerable<string> ReadText(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var reader = new RecordReader(File.ReadAllBytes(path), path);
        return RecordText.LinesOf(reader);
    }

    /// <summary>
    /// Opens a descriptor whose traffic is a part of the recording. Use it on the loop's thread, by <see cref="NonBlocking"/>. In a replay
    /// nothing is opened.
    /// </summary>
    /// <param name="name">Its name in the recording.</param>
    /// <param name="open">Opens it.</param>
    /// <returns>The descriptor. The caller disposes it.</returns>
    public FdHandle Open(string name, Func<FdHandle> open)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(open);
        return Session.Open(name, open);
    }

    /// <summary>Writes what a ring keeps to a file, for its owner alone. On the loop's thread, or after the manager's disposal.</summary>
    /// <param name="path">The file. There must be none yet.</param>
    /// <exception cref="InvalidOperationException">It does not record to a ring.</exception>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (_ring is null)
        {
            throw new InvalidOperationException("Only a recorder that keeps a ring has something to save.");
        }

        _writer!.Flush();
        using var file = new RecordingFile(path, _header);
        foreach (Chunk chunk in _ring.Copy())
        {
            file.Write(chunk);
        }
    }

    /// <summary>Writes what is left and closes the file. After the manager's disposal.</summary>
    public void Dispose() => Session.Dispose();

    /// <summary>A manager begins to use it.</summary>
    /// <exception cref="ArgumentException">Another manager uses it, or has.</exception>
    internal void Use()
    {
        if (Interlocked.Exchange(ref _isInUse, 1) != 0)
        {
            throw new ArgumentException("A recorder serves one manager: create another one.", "options.Recorder");
        }
    }

    /// <summary>When everything is replayed, the run ends.</summary>
    internal void StopAtEnd(Action stop)
    {
        if (Session is ReplaySession replay)
        {
            replay.Ended = stop;
        }
    }

    private static Recorder Create(IChunkSink sink, RecordingHeader header)
    {
        var writer = new RecordWriter(sink);
        return new Recorder(new LiveSession(writer, header.HasTraffic), header, writer, sink);
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
