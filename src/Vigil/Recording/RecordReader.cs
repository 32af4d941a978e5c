using System.Buffers.Binary;
using System.Text;

namespace Vigil.Recording;

/// <summary>
/// Reads the records of a file, one after the other, a chunk at a time. The file may end within a chunk, as after a crash: what is whole is
/// read.
/// </summary>
internal sealed class RecordReader : IDisposable
{
    private readonly Stream _file;
    private readonly byte[] _chunk = new byte[Chunk.Size];
    private readonly byte[] _frame = new byte[RecordingHeader.FrameSize];
    private readonly List<string> _names = [];
    private long _chunkStart = RecordingHeader.Size;
    private int _position;
    private int _chunkEnd;
    private long _number = -1;

    // How many chunks are missing before the one that was entered, until that is told.
    private long _missing;

    /// <param name="file">The file, which this closes.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is no recording.</exception>
    public RecordReader(Stream file, string path)
    {
        _file = file;
        Span<byte> header = stackalloc byte[RecordingHeader.Size];
        Header = RecordingHeader.Read(header[..file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false)], path);
    }

    public RecordingHeader Header { get; }

    /// <summary>Whether the file ended within a chunk, which is then lost.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is no recording.</exception>
    public static RecordReader Open(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        try
        {
            return new RecordReader(file, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the next record; null at the end.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public RecordEntry? Next()
    {
        while (true)
        {
            if (_position == _chunkEnd && !TryEnterChunk())
            {
                return null;
            }

            if (_missing > 0)
            {
                var gap = new RecordEntry(RecordKind.Gap) { Missing = _missing };
                _missing = 0;
                return gap;
            }

            if (Read() is { } record)
            {
                return record;
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private bool TryEnterChunk()
    {
        _chunkStart += _chunkEnd;
        _position = _chunkEnd = 0;
        int read = _file.ReadAtLeast(_frame, _frame.Length, throwOnEndOfStream: false);
        if (read < _frame.Length)
        {
            IsCut |= read > 0;
            return false;
        }

        _chunkStart += _frame.Length;
        int length = BinaryPrimitives.ReadInt32LittleEndian(_frame);
        long number = BinaryPrimitives.ReadInt64LittleEndian(_frame.AsSpan(4));
        if (length is < 1 or > Chunk.Size || number < Math.Max(_number, 0))
        {
            throw Damaged();
        }

        if (_file.ReadAtLeast(_chunk.AsSpan(0, length), length, throwOnEndOfStream: false) < length)
        {
            IsCut = true;
            return false;
        }

        // The same number: another part of the same chunk, which may use the names of the part before.
        if (number != _number)
        {
            _names.Clear();
            _missing = number - _number - 1;
            _number = number;
        }

        _chunkEnd = length;
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
                return ReadClock();
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
                var opened = new RecordEntry(kind) { Text = Name(), Number = Int32() };
                return opened.Number >= RecordingSession.NotOpened ? opened : throw Damaged();
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
            case RecordKind.Message or RecordKind.RunEnd:
                return new RecordEntry(kind);
            case RecordKind.Bytes:
                // Their record was in a chunk that is missing.
                return new RecordEntry(kind) { Bytes = Take(Int32()).ToArray() };
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
            case RecordKind.Sequence:
                return new RecordEntry(kind) { Value = Int64() };
            case RecordKind.Datagrams:
                return ReadDatagrams(new RecordEntry(kind) { Number = Int32(), Value = Int32(), Errno = UInt16() });
            default:
                throw Damaged();
        }
    }

    private RecordEntry ReadClock()
    {
        var record = new RecordEntry(RecordKind.Clock) { Number = Byte(), Value = Int64() };
        bool isValid = record.Number != (int)RecordedClock.Date
            || (record.Value >= DateTimeOffset.MinValue.Ticks && record.Value <= DateTimeOffset.MaxValue.Ticks);
        return isValid ? record : throw Damaged();
    }

    // Fewer than its count, if some were lost or left out.
    private RecordEntry ReadDatagrams(RecordEntry record)
    {
        List<RecordedDatagram> datagrams = [];
        while (datagrams.Count < record.Value && TryContinue(RecordKind.Datagram))
        {
            bool isTruncated = Byte() == 1;
            byte[] sender = Take(Byte()).ToArray();
            datagrams.Add(new RecordedDatagram(ReadBytes(Int32()), sender, isTruncated));
        }

        return record with { Datagrams = datagrams };
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
        if ((_position == _chunkEnd && !TryEnterChunk()) || _missing > 0 || (RecordKind)_chunk[_position] != kind)
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

        ReadOnlySpan<byte> taken = _chunk.AsSpan(_position, count);
        _position += count;
        return taken;
    }

    private InvalidDataException Damaged() => new($"The recording is damaged at byte {_chunkStart + _position}.");
}
