using System.Text;

namespace MetricsGateway.Operation;

/// <summary>
/// Writes messages for the operator to standard error, on a thread of its own. Often that is the same pipe as standard output; if nobody
/// reads it, the loop must be able to go on, and above all to stop.
/// </summary>
/// <remarks>
/// What the console throws where it cannot write depends on the errno: an <see cref="IOException"/> where the disk is full, an
/// <see cref="UnauthorizedAccessException"/> where the descriptor is closed or read-only, an <see cref="ArgumentOutOfRangeException"/>
/// where the file is too large. None of them ends the thread: the text counts as lost, and so much is said as soon as something can be
/// written. A pipe that nobody has open to read takes everything, and a full one makes the thread wait, also where it is non-blocking.
/// </remarks>
internal sealed class ErrorConsole : TextWriter
{
    /// <summary>The limit of memory for unread texts, in bytes. A text that does not fit is lost, and counted.</summary>
    public const int MaxWaitingBytes = 1 << 20;

    /// <summary>The bytes of memory that a text takes besides its characters of two bytes each: the string object, and its place in the
    /// queue.</summary>
    public const int BytesOfText = 40;

    private static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(1);

    private readonly TextWriter _output;
    private readonly TimeSpan _patience;
    private readonly Queue<string> _waiting = new();
    private readonly object _gate = new();
    private readonly Thread _thread;
    private long _lost;
    private int _waitingBytes;
    private bool _isWriting;
    private bool _isClosed;

    /// <param name="output">The actual output. It may block.</param>
    /// <param name="patience">How long the end of the program waits for a reader; null for one second.</param>
    public ErrorConsole(TextWriter output, TimeSpan? patience = null)
        : base(output.FormatProvider)
    {
        _output = output;
        _patience = patience ?? UsualPatience;
        _thread = new Thread(Run) { Name = "errors", IsBackground = true };
        _thread.Start();
    }

    public override Encoding Encoding => _output.Encoding;

    public override void Write(char value) => Write(value.ToString());

    /// <summary>Queues a text, which is written as a whole. Any thread; never waits.</summary>
    public override void Write(string? value)
    {
        lock (_gate)
        {
            if (string.IsNullOrEmpty(value) || _isClosed)
            {
                return;
            }

            long bytes = BytesOf(value);
            if (_waitingBytes + bytes > MaxWaitingBytes)
            {
                _lost++;
                return;
            }

            _waiting.Enqueue(value);
            _waitingBytes += (int)bytes;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits a moment until everything is written, and ends the thread. If it hangs in a write, it lives until the end of the
    /// process.</summary>
    protected override void Dispose(bool disposing)
    {
        lock (_gate)
        {
            long begin = Environment.TickCount64;
            TimeSpan left = _patience;
            while ((_waiting.Count > 0 || _isWriting) && left > TimeSpan.Zero)
            {
                Monitor.Wait(_gate, left);
                left = _patience - TimeSpan.FromMilliseconds(Environment.TickCount64 - begin);
            }

            _isClosed = true;
            Monitor.PulseAll(_gate);
        }

        base.Dispose(disposing);
    }

    private static long BytesOf(string text) => ((long)text.Length * sizeof(char)) + BytesOfText;

    private void Run()
    {
        while (TryTake(out string text, out long lost))
        {
            try
            {
                _output.Write(lost > 0 ? text + ConsoleText.MessagesLost(lost) : text);
            }
            catch (Exception)
            {
                lock (_gate)
                {
                    _lost += lost + 1;
                }
            }
        }
    }

    private bool TryTake(out string text, out long lost)
    {
        lock (_gate)
        {
            _isWriting = false;
            Monitor.PulseAll(_gate);
            while (_waiting.Count == 0 && !_isClosed)
            {
                Monitor.Wait(_gate);
            }

            text = string.Empty;
            lost = 0;
            if (_isClosed)
            {
                return false;
            }

            _isWriting = true;
            text = _waiting.Dequeue();
            _waitingBytes -= (int)BytesOf(text);
            (lost, _lost) = (_lost, 0);
            return true;
        }
    }
}
