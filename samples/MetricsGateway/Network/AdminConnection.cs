using MetricsGateway.Admin;
using MetricsGateway.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>
/// A connection to the admin port. Answers are written at once; only what the client does not take waits in a bounded buffer, and
/// only then is the connection watched for writing. Beyond the bound the client is dropped.
/// </summary>
/// <remarks>
/// Whoever begins with a line that is no command speaks another protocol, and is not served: what follows may look like a command and was
/// never meant as one.
/// </remarks>
internal sealed class AdminConnection : StreamConnection
{
    private readonly AdminService _service;
    private readonly Memory<byte> _buffer;
    private readonly ConnectionGate _gate;
    private readonly LineSplitter _splitter;
    private readonly OutputBuffer _output;
    private bool _isEnding;

    // A command is being executed elsewhere. What was read behind it waits, and nothing more is read.
    private bool _isWaiting;
    private byte[] _rest = [];
    private bool _hasGivenCommand;

    /// <param name="handle">The connection.</param>
    /// <param name="service">Answers commands.</param>
    /// <param name="buffer">Shared by everything on the loop. Small, because a chunk may hold a costly command every few bytes.</param>
    /// <param name="gate">Where it leaves when it is closed.</param>
    /// <param name="activity">Counts what happens.</param>
    /// <param name="idle">How long it may neither send anything nor take any of its answers.</param>
    public AdminConnection(
        FdHandle handle, AdminService service, Memory<byte> buffer, ConnectionGate gate, LoopActivity activity, IdleTimeout idle)
        : base(handle, gate, activity, idle)
    {
        _service = service;
        _buffer = buffer;
        _gate = gate;
        _splitter = service.CreateSplitter();
        _output = service.CreateOutput();

        // By another client's callback, so not at once.
        _output.GivenUp += () => EventManager.Current!.Defer(static (_, connection) => connection.Resume(), this);
    }

    protected override bool Serve(Events events, EventOps ops)
    {
        bool takesInput = !_isEnding && !_isWaiting;
        bool isAlive = takesInput ? ReceiveRest() && Receive() : !events.HasAny(EventSet.Error | EventSet.HangUp);
        if (!isAlive || !TrySend() || (_isEnding && !_isWaiting && _output.Length == 0))
        {
            return false;
        }

        // The end of a stream is readable for ever: once it was seen, nothing more is asked of this side.
        EventSet interest = (_isEnding || _isWaiting ? EventSet.None : EventSet.In) | (_output.Length > 0 ? EventSet.Out : EventSet.None);
        ops.Modify(new Events(Handle, interest));
        return true;
    }

    protected override bool Finish(EventOps ops)
    {
        _isEnding = true;
        return Serve(new Events(Handle, EventSet.None), ops);
    }

    protected override void AdoptLimits() => _splitter.MaxLength = _service.Options.MaxLineLength;

    protected override void ReleaseBuffers()
    {
        _splitter.Dispose();
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
            _service.BeginReload(OnReloaded);
        }
    }

    private void AnswerOverlong()
    {
        _service.AnswerOverlongCommand(_output);
        _isEnding |= !_hasGivenCommand;
    }

    private void OnReloaded(string result)
    {
        _isWaiting = false;
        AdminService.AnswerReload(result, _output);
        Resume();
    }

    /// <returns>False if the client is gone, or is given up.</returns>
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
