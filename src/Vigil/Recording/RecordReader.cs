using System.Buffers.Binary;
using System.Text;

namespace Vigil.Recording;

/// <summary>
/// Reads the records of a file, one after the other. The file may end within a chunk, as after a crash: what is whole is read.
/// </summary>
internal sealed class RecordReader
{
    private readonly byte[] _file;
    private readonly List<string> _names = [];
    private int _position;
    private int _chunkEnd;

    /// <exception cref="InvalidDataException">It is no recording.</exception>
    public RecordReader(byte[] file, string path)
    {
        _file = file;
        Header = RecordingHeader.Read(file, path);
        _position = _chunkEnd = RecordingHeader.Size;
    }

    public RecordingHeader Header { get; }

    /// <summary>Reads the next record; null at the end.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public RecordEntry? Next()
    {
        while (true)
        {
            if (_position == _chunkEnd && !TryEnterChunk())
            {
                return null;
            }

            if (Read() is { } record)
            {
                return record;
            }
        }
    }

    private bool TryEnterChunk()
    {
        ReadOnlySpan<byte> rest = _file.AsSpan(_position);
        if (rest.Length < RecordingHeader.FrameSize)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
        if (length is < 0 or > Chunk.Size)
        {
            throw Damaged();
        }

        if (rest.Length < RecordingHeader.FrameSize + length)
        {
            return false;
        }

        _position += RecordingHeader.FrameSize;
        _chunkEnd = _position + length;
        _names.Clear();
        return true;
    }

    // Null for a name, which is a part of what follows.
    private RecordEntry? Read()
    {
        var kind = (RecordKind)Take(1)[0];
        switch (kind)
        {
            case RecordKind.Gap:
                return new RecordEntry(kind) { Value = Int64() };
            case RecordKind.Wait:
                return ReadWait();
            case RecordKind.Clock:
                return new RecordEntry(kind) { Number = Byte(), Value = Int64() };
            case RecordKind.ClockStep:
                return new RecordEntry(kind) { Number = Byte(), Value = Byte() };
            case RecordKind.Registration:
                return new RecordEntry(kind)
                {
                    Call = (RegistrationCall)Byte(),
                    Number = Int32(),
                    Token = new SourceToken((ulong)Int64()),
                    Events = (EventSet)Int32(),
                    Errno = UInt16(),
                };
            case RecordKind.Name:
                int id = UInt16();
                if (id != _names.Count)
                {
                    throw Damaged();
                }

                _names.Add(Encoding.UTF8.GetString(Take(UInt16())));
                return null;
            case RecordKind.Opened:
                return new RecordEntry(kind) { Text = Name(), Number = Int32() };
            case RecordKind.Read or RecordKind.Write:
                var transfer = new RecordEntry(kind) { Number = Int32(), Value = Int32(), Errno = UInt16() };
                return transfer with { Bytes = ReadBytes(Int32()) };
            case RecordKind.Accept:
                var accepted = new RecordEntry(kind) { Number = Int32(), Value = Int32(), Errno = UInt16() };
                return accepted with { Text = Encoding.UTF8.GetString(Take(UInt16())) };
            case RecordKind.ShutdownWrite:
                return new RecordEntry(kind) { Number = Int32(), Errno = UInt16() };
            case RecordKind.Iteration:
                return new RecordEntry(kind) { Value = Byte() };
            case RecordKind.Message:
                return new RecordEntry(kind);
            case RecordKind.Input:
                return new RecordEntry(kind) { Text = Name(), Bytes = ReadBytes(Int32()) };
            case RecordKind.Answer:
                var answer = new RecordEntry(kind)
                {
                    Question = (RecordedQuestion)Byte(),
                    Failure = (EventManagerError)Byte(),
                    Number = Int32(),
                    Errno = UInt16(),
                };
                return answer with { Bytes = ReadBytes(Int32()) };
            default:
                throw Damaged();
        }
    }

    private RecordEntry ReadWait()
    {
        var record = new RecordEntry(RecordKind.Wait);
        List<(SourceToken Token, EventSet Events)> ready = [];
        WaitFlags flags;
        do
        {
            flags = (WaitFlags)Byte();
            int errno = UInt16();
            for (int left = Int32(); left > 0; left--)
            {
                var events = (EventSet)Int32();
                ready.Add((new SourceToken((ulong)Int64()), events));
            }

            record = record with { Errno = errno };
        }
        while (flags == WaitFlags.IsContinued && TryContinue(RecordKind.Wait));
        return record with { Ready = ready };
    }

    // The bytes of a record, part by part. Fewer, if parts were lost.
    private byte[] ReadBytes(int count)
    {
        List<byte> bytes = [];
        while (bytes.Count < count && TryContinue(RecordKind.Bytes))
        {
            bytes.AddRange(Take(Int32()));
        }

        return [.. bytes];
    }

    private bool TryContinue(RecordKind kind)
    {
        if ((_position == _chunkEnd && !TryEnterChunk()) || (RecordKind)_file[_position] != kind)
        {
            return false;
        }

        _position++;
        return true;
    }

    private string Name()
    {
        int id = UInt16();
        return id < _names.Count ? _names[id] : throw Damaged();
    }

    private int Byte() => Take(1)[0];

    private int UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    private int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    private long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _chunkEnd - _position)
        {
            throw Damaged();
        }

        ReadOnlySpan<byte> taken = _file.AsSpan(_position, count);
        _position += count;
        return taken;
    }

    private InvalidDataException Damaged() => new($"The recording is damaged at byte {_position}.");
}
