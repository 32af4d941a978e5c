using System.Diagnostics;
using MetricsGateway.Admin;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>
/// A connection to the admin port. Short answers are written at once, long ones in turns (<see cref="AdminTurns"/>) and only as far as the
/// client reads them. What the client does not take waits in a buffer from a shared budget, and only then is the connection watched for
/// writing.
/// </summary>
/// <remarks>
/// One command is answered at a time. While an answer continues, further input waits, and nothing more is read.
/// A client whose first line is no command speaks another protocol, and is not served: later lines may look like commands and were never
/// meant as such.
/// </remarks>
internal sealed class AdminConnection : StreamConnection
{
    // How far an answer may be ahead of its client: enough to keep the connection busy between two turns.
    private const int MaxUnsent = 64 << 10;

    private readonly AdminService _service;
    private readonly Memory<byte> _buffer;
    private readonly ConnectionGate _gate;
    private readonly LineSplitter _splitter;
    private readonly OutputBuffer _output;
    private readonly AdminTurns _turns;

    // Nothing more is read.
    private bool _isLast;

    // No further command is answered.
    private bool _isEnding;

    // A command is being executed elsewhere, or its answer continues. Input after it waits, and nothing more is read.
    private bool _isWaiting;

    // The answer that continues, and whether it waits for the client to read instead of for its turn.
    private IEnumerator<int>? _answer;
    private bool _isFull;
    private byte[] _rest = [];
    private bool _hasGivenCommand;

    // Withdraws the callback of a reload.
    private Action? _forgetReload;

    /// <param name="handle">The connection.</param>
    /// <param name="service">Answers commands.</param>
    /// <param name="turns">Schedules long answers.</param>
    /// <param name="buffer">Shared by everything on the loop. Small, because a chunk may hold a costly command every few bytes.</param>
    /// <param name="gate">Is left when the connection is closed.</param>
    /// <param name="activity">Notes when metrics arrived.</param>
    /// <param name="idle">How long the client may neither send anything nor take any of its answers.</param>
    public AdminConnection(
        FdHandle handle, AdminService service, AdminTurns turns, Memory<byte> buffer, ConnectionGate gate, LoopActivity activity,
        IdleTimeout idle)
        : base(handle, gate, activity, idle)
    {
        _service = service;
        _turns = turns;
        _buffer = buffer;
        _gate = gate;
        _splitter = service.CreateSplitter();
        _output = service.CreateOutput();

        // Deferred, because another client's callback raises it.
        _output.GivenUp += () => EventManager.Current!.Defer(static (_, connection) => connection.Resume(), this);
    }

    /// <summary>Continues a long answer for the rest of a time slice.</summary>
    /// <param name="begin">When the slice began.</param>
    public void GoOn(long begin)
    {
        if (IsClosed)
        {
            return;
        }

        try
        {
            WriteAnswer(begin);
        }
        catch
        {
            // A bug is reported as usual. The client has half an answer, and nothing else will come.
            Close();
            throw;
        }
    }

    protected override bool Serve(Events events, EventOps ops)
    {
        bool takesInput = !_isEnding && !_isWaiting;
        bool isAlive = takesInput ? ReceiveRest() && Receive() : !events.HasAny(EventSet.Error | EventSet.HangUp);
        if (!isAlive || !TrySend() || (_isEnding && !_isWaiting && _output.Length == 0))
        {
            return false;
        }

        if (_isFull && _output.Length < MaxUnsent)
        {
            _isFull = false;
            _turns.Add(this);
        }

        // The end of a stream stays readable for ever: once it was seen, reading is no longer watched.
        EventSet interest = (_isLast || _isEnding
            || _isWaiting ? EventSet.None : EventSet.In) | (_output.Length > 0 ? EventSet.Out : EventSet.None);
        ops.Modify(new Events(Handle, interest));
        return true;
    }

    protected override bool Finish(EventOps ops)
    {
        _isLast = true;
        return Serve(new Events(Handle, EventSet.None), ops);
    }

    protected override void AdoptLimits() => _splitter.MaxLength = _service.Options.MaxLineLength;

    protected override void ReleaseBuffers()
    {
        _splitter.Dispose();
        _forgetReload?.Invoke();
        _forgetReload = null;
        _answer?.Dispose();
        _answer = null;
        _output.Release();
    }

    private bool ReceiveRest()
    {
        byte[] rest = _rest;
        _rest = [];
        return ReceiveChunk(rest);
    }

    private bool Receive()
    {
        if (_isEnding || _isWaiting)
        {
            return true;
        }

        if (_isLast)
        {
            _isEnding = true;
            return true;
        }

        IOResult read = NonBlocking.TryRead(Handle, _buffer.Span);
        if (!read.IsSuccess)
        {
            return read.WouldBlock;
        }

        OnActive();
        return read.IsEndOfStream ? ReceiveEnd() : ReceiveChunk(_buffer.Span[..read.Count]);
    }

    private bool ReceiveChunk(ReadOnlySpan<byte> chunk)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!_isEnding && !_isWaiting)
        {
            switch (_splitter.Read(ref chunk, out ReadOnlySpan<byte> line))
            {
                case LineRead.Line:
                    Answer(line);
                    break;
                case LineRead.TooLong:
                    AnswerOverlong();
                    break;
                default:
                    return true;
            }

            if (!TrySend())
            {
                return false;
            }

            if (!_isWaiting && AdminTurns.IsOver(begin))
            {
                _isWaiting = true;
                _turns.Add(this);
            }
        }

        _rest = _isWaiting ? chunk.ToArray() : [];
        return true;
    }

    private bool ReceiveEnd()
    {
        _isEnding = true;
        switch (_splitter.Finish(out ReadOnlySpan<byte> line))
        {
            case LineRead.Line:
                Answer(line);
                break;
            case LineRead.TooLong:
                AnswerOverlong();
                break;
        }

        return true;
    }

    private void Answer(ReadOnlySpan<byte> line)
    {
        AdminResult result = _service.Answer(line, _output);
        _isEnding |= result == AdminResult.Close || (result == AdminResult.Unknown && !_hasGivenCommand);
        _hasGivenCommand |= result != AdminResult.Unknown && !line.IsEmpty;
        if (result == AdminResult.Reload)
        {
            _isWaiting = true;
            _forgetReload = _service.BeginReload(OnReloaded);
        }
        else if (result == AdminResult.Continues)
        {
            _isWaiting = true;
            _answer = _service.TakeRest();
            _turns.Add(this);
        }
    }

    private void WriteAnswer(long begin)
    {
        while (_answer is not null)
        {
            if (_output.Length >= MaxUnsent || _output.IsOverflowed)
            {
                // Continues when the output was sent, or the connection ends.
                _isFull = true;
                Resume();
                return;
            }

            if (!_answer.MoveNext())
            {
                _answer.Dispose();
                _answer = null;
            }
            else if (AdminTurns.IsOver(begin))
            {
                _turns.Add(this);
                Resume();
                return;
            }
        }

        // The input after the command is next.
        _isWaiting = false;
        Resume();
    }

    private void AnswerOverlong()
    {
        _service.AnswerOverlongCommand(_output);
        _isEnding |= !_hasGivenCommand;
    }

    private void OnReloaded(string result)
    {
        _isWaiting = false;
        _forgetReload = null;
        AdminService.AnswerReload(result, _output);
        Resume();
    }

    /// <returns>False if the client is gone, or is dropped.</returns>
    private bool TrySend()
    {
        if (_output.IsOverflowed)
        {
            _gate.CountDroppedClient();
            return false;
        }

        while (_output.Length > 0)
        {
            IOResult written = NonBlocking.TryWrite(Handle, _output.Unsent);
            if (!written.IsSuccess)
            {
                return written.WouldBlock;
            }

            OnActive();
            _output.Consume(written.Count);
        }

        return true;
    }
}
