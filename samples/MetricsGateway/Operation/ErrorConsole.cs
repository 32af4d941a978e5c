using System.Text;

namespace MetricsGateway.Operation;

/// <summary>
/// Writes what the operator is told to standard error, on a thread of its own: often that is the same pipe as standard output, and
/// when nobody reads it, the loop must be able to go on, and above all to stop.
/// </summary>
internal sealed class ErrorConsole : TextWriter
{
    // Of what nobody reads, so much is kept.
    private const int MaxWaiting = 1_000;

    // How long the end of the program waits for somebody to read it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly TextWriter _output;
    private readonly Queue<string> _waiting = new();
    private readonly object _gate = new();
    private readonly Thread _thread;
    private long _lost;
    private bool _isWriting;
    private bool _isClosed;

    /// <param name="output">Where it really goes. It may block.</param>
    public ErrorConsole(TextWriter output)
        : base(output.FormatProvider)
    {
        _output = output;
        _thread = new Thread(Run) { Name = "errors", IsBackground = true };
        _thread.Start();
    }

    public override Encoding Encoding => _output.Encoding;

    public override void Write(char value) => Write(value.ToString());

    /// <summary>Takes a text to be written, as a whole. Any thread; it never waits.</summary>
    public override void Write(string? value)
    {
        lock (_gate)
        {
            if (string.IsNullOrEmpty(value) || _isClosed)
            {
                return;
            }

            if (_waiting.Count == MaxWaiting)
            {
                _lost++;
                return;
            }

            _waiting.Enqueue(value);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits a moment until everything is written, and ends the thread. One that hangs in writing is left to the end of the process.</summary>
    protected override void Dispose(bool disposing)
    {
        lock (_gate)
        {
            long begin = Environment.TickCount64;
            TimeSpan left = Patience;
            while ((_waiting.Count > 0 || _isWriting) && left > TimeSpan.Zero)
            {
                Monitor.Wait(_gate, left);
                left = Patience - TimeSpan.FromMilliseconds(Environment.TickCount64 - begin);
            }

            _isClosed = true;
            Monitor.PulseAll(_gate);
        }

        base.Dispose(disposing);
    }

    private void Run()
    {
        while (TryTake(out string text))
        {
            try
            {
                _output.Write(text);
            }
            catch (IOException)
            {
                // Nobody can be told that nobody can be told.
            }
        }
    }

    private bool TryTake(out string text)
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
            if (_isClosed)
            {
                return false;
            }

            _isWriting = true;
            text = _waiting.Dequeue();
            if (_lost > 0)
            {
                text += ConsoleText.MessagesLost(_lost);
                _lost = 0;
            }

            return true;
        }
    }
}
