using Vigil.IO;

namespace Vigil.Testing;

/// <summary>The end of a pipe that reads (<c>pipe(7)</c>).</summary>
internal sealed class PipeReader : SimulatedFile
{
    private readonly ByteChannel _channel;

    public PipeReader(ByteChannel channel, string name)
    {
        _channel = channel;
        Description = $"{name} (reads)";
        channel.Changed += NoteChange;
    }

    public override string Description { get; }

    // A pipe whose writers are gone is hung up, and readable only while bytes are left.
    public override EventSet Ready => (_channel.HasData ? EventSet.In : EventSet.None)
        | (_channel.IsAtEnd ? EventSet.HangUp : EventSet.None);

    public override IOResult Read(Span<byte> buffer) => _channel.HasData || buffer.IsEmpty ? new IOResult(_channel.Read(buffer), 0)
        : _channel.IsAtEnd ? new IOResult(0, 0)
        : new IOResult(0, SimulatedErrno.EAGAIN);

    protected override void Close() => _channel.CloseReader();
}

/// <summary>The end of a pipe that writes.</summary>
internal sealed class PipeWriter : SimulatedFile
{
    private readonly ByteChannel _channel;

    public PipeWriter(ByteChannel channel, string name)
    {
        _channel = channel;
        Description = $"{name} (writes)";
        channel.Changed += NoteChange;
    }

    public override string Description { get; }

    // Without a reader a write does not wait: it fails.
    public override EventSet Ready => (_channel.HasRoom || _channel.IsReaderGone ? EventSet.Out : EventSet.None)
        | (_channel.IsReaderGone ? EventSet.Error : EventSet.None);

    public override IOResult Write(ReadOnlySpan<byte> buffer)
    {
        if (_channel.IsReaderGone)
        {
            return new IOResult(0, SimulatedErrno.EPIPE);
        }

        int count = _channel.Write(buffer);
        return count > 0 || buffer.IsEmpty ? new IOResult(count, 0) : new IOResult(0, SimulatedErrno.EAGAIN);
    }

    public override bool Refuse()
    {
        _channel.Refuse();
        return true;
    }

    protected override void Close() => _channel.CloseWriter();
}
