using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Polling;

namespace Vigil.Recording;

/// <summary>
/// Writes records into chunks. For one thread at a time. It allocates nothing once the names are known. A record for which no chunk is free
/// is lost, and so is what follows up to the next wait of the loop; the next record that is not is preceded by a gap.
/// </summary>
internal sealed unsafe class RecordWriter : IDisposable
{
    // The longest text and the longest part of traffic in one record. Longer traffic is split.
    private const int LongestText = 1024;
    private const int LongestPart = Chunk.Size / 4;

    private const int WaitHead = 8;
    private const int WaitEntry = 12;
    private const int GapSize = 9;

    private readonly IChunkSink _sink;
    private readonly Dictionary<string, ushort> _names = new(StringComparer.Ordinal);
    private Chunk? _chunk;

    // Where in the chunk the next record begins, and the chunk's end. Equal without one.
    private byte* _next;
    private byte* _end;
    private long _chunks;
    private long _lostSinceGap;
    private bool _isClosed;
    private bool _isDisposed;

    public RecordWriter(IChunkSink sink)
    {
        _sink = sink;
        Turn();
    }

    /// <summary>How many bytes of records were lost.</summary>
    public long Lost { get; private set; }

    /// <summary>The chunk that is being written; null if there is none. What was published of it can be read.</summary>
    public Chunk? Current => _chunk;

    /// <summary>Lets others have the records that were written so far. If there was no chunk for them, tries to get one again.</summary>
    public void Publish()
    {
        if (_chunk is { } chunk)
        {
            chunk.Length = (int)(_next - chunk.Start);
            if (!chunk.IsAwaited)
            {
                return;
            }
        }

        TurnOrTell();
    }

    /// <summary>What comes from now on is not recorded, and not counted as lost.</summary>
    public void Close()
    {
        _isClosed = true;
        _chunk = null;
        _next = _end = null;
    }

    public void Clock(RecordedClock clock, long reading)
    {
        byte* record = ReserveRaw(10);
        if (record != null)
        {
            record[0] = (byte)RecordKind.Clock;
            record[1] = (byte)clock;
            Unsafe.WriteUnaligned(record + 2, reading);
        }
    }

    public void ClockStep(TimerClock clock, bool hasStepped)
    {
        Span<byte> record = Reserve(3);
        if (!record.IsEmpty)
        {
            record[0] = (byte)RecordKind.ClockStep;
            record[1] = (byte)clock;
            record[2] = hasStepped ? (byte)1 : (byte)0;
        }
    }

    public void Registration(RegistrationCall call, int fd, SourceToken token, EventSet interest, int errno)
    {
        Span<byte> record = Reserve(20);
        if (!record.IsEmpty)
        {
            record[0] = (byte)RecordKind.Registration;
            record[1] = (byte)call;
            BinaryPrimitives.WriteInt32LittleEndian(record[2..], fd);
            BinaryPrimitives.WriteUInt64LittleEndian(record[6..], token.Raw);
            BinaryPrimitives.WriteUInt32LittleEndian(record[14..], (uint)interest);
            BinaryPrimitives.WriteUInt16LittleEndian(record[18..], (ushort)errno);
        }
    }

    /// <summary>A wait. As many entries as fit are one record.</summary>
    public void Wait(int errno, ReadyBuffer ready)
    {
        int count = errno == 0 ? ready.Count : 0;
        ReadyEntry entry = ready.First;
        do
        {
            int part = Math.Min(count, (Chunk.Size - WaitHead - GapSize) / WaitEntry);
            byte* record = ReserveRaw(WaitHead + (part * WaitEntry));
            count -= part;
            if (record == null)
            {
                Lose(count * WaitEntry);
                return;
            }

            record[0] = (byte)RecordKind.Wait;
            record[1] = (byte)(count > 0 ? WaitFlags.IsContinued : WaitFlags.None);
            Unsafe.WriteUnaligned(record + 2, (ushort)errno);
            Unsafe.WriteUnaligned(record + 4, part);
            entry = WriteEntries(record + WaitHead, part, entry);
        }
        while (count > 0);
    }

    public void Iteration(bool isImmediate)
    {
        byte* record = ReserveRaw(2);
        if (record != null)
        {
            record[0] = (byte)RecordKind.Iteration;
            record[1] = isImmediate ? (byte)1 : (byte)0;
        }
    }

    public void EndRun()
    {
        Span<byte> record = Reserve(1);
        if (!record.IsEmpty)
        {
            record[0] = (byte)RecordKind.RunEnd;
        }
    }

    /// <summary>A message is taken.</summary>
    /// <param name="sequence">Its number; 0 if it has none.</param>
    public void Message(long sequence)
    {
        Span<byte> record = Reserve(sequence == 0 ? 1 : 10);
        if (record.IsEmpty)
        {
            return;
        }

        record[0] = (byte)RecordKind.Message;
        if (sequence != 0)
        {
            record[1] = (byte)RecordKind.Sequence;
            BinaryPrimitives.WriteInt64LittleEndian(record[2..], sequence);
        }
    }

    /// <summary>Datagrams that were taken.</summary>
    /// <param name="fd">The socket.</param>
    /// <param name="result">What the call returned.</param>
    /// <param name="batch">The datagrams; null to leave them out.</param>
    public void Datagrams(int fd, IOResult result, DatagramBatch? batch)
    {
        Span<byte> record = Reserve(11);
        if (!record.IsEmpty)
        {
            record[0] = (byte)RecordKind.Datagrams;
            BinaryPrimitives.WriteInt32LittleEndian(record[1..], fd);
            BinaryPrimitives.WriteInt32LittleEndian(record[5..], result.Count);
            BinaryPrimitives.WriteUInt16LittleEndian(record[9..], (ushort)result.Errno);
        }

        for (int i = 0; i < batch?.Count; i++)
        {
            Datagram(batch[i], batch.AddressOf(i), batch.IsTruncated(i));
        }
    }

    /// <summary>An answer of the kernel.</summary>
    public void Answer(RecordedQuestion question, EventManagerError failure, int number, int errno, ReadOnlySpan<byte> bytes)
    {
        Span<byte> record = Reserve(13);
        if (record.IsEmpty)
        {
            Lose(bytes.Length);
            return;
        }

        record[0] = (byte)RecordKind.Answer;
        record[1] = (byte)question;
        record[2] = (byte)failure;
        BinaryPrimitives.WriteInt32LittleEndian(record[3..], number);
        BinaryPrimitives.WriteUInt16LittleEndian(record[7..], (ushort)errno);
        BinaryPrimitives.WriteInt32LittleEndian(record[9..], bytes.Length);
        Traffic(bytes);
    }

    public void Accept(int listener, int fd, int errno, string peer)
    {
        int length = Math.Min(Encoding.UTF8.GetByteCount(peer), LongestText);
        Span<byte> record = Reserve(13 + length);
        if (!record.IsEmpty)
        {
            record[0] = (byte)RecordKind.Accept;
            BinaryPrimitives.WriteInt32LittleEndian(record[1..], listener);
            BinaryPrimitives.WriteInt32LittleEndian(record[5..], fd);
            BinaryPrimitives.WriteUInt16LittleEndian(record[9..], (ushort)errno);
            BinaryPrimitives.WriteUInt16LittleEndian(record[11..], (ushort)length);
            Encoding.UTF8.GetBytes(peer)[..length].CopyTo(record[13..]);
        }
    }

    public void Opened(string name, int fd)
    {
        if (!TryName(name, 7, out ushort id))
        {
            return;
        }

        Span<byte> record = Reserve(7);
        record[0] = (byte)RecordKind.Opened;
        BinaryPrimitives.WriteUInt16LittleEndian(record[1..], id);
        BinaryPrimitives.WriteInt32LittleEndian(record[3..], fd);
    }

    /// <summary>A read or a write, with its bytes; none to leave them out.</summary>
    public void Transfer(RecordKind kind, int fd, int count, int errno, ReadOnlySpan<byte> bytes)
    {
        byte* record = ReserveRaw(15);
        if (record == null)
        {
            Lose(bytes.Length);
            return;
        }

        record[0] = (byte)kind;
        Unsafe.WriteUnaligned(record + 1, fd);
        Unsafe.WriteUnaligned(record + 5, count);
        Unsafe.WriteUnaligned(record + 9, (ushort)errno);
        Unsafe.WriteUnaligned(record + 11, bytes.Length);
        Traffic(bytes);
    }

    public void ShutdownWrite(int fd, int errno)
    {
        Span<byte> record = Reserve(7);
        if (!record.IsEmpty)
        {
            record[0] = (byte)RecordKind.ShutdownWrite;
            BinaryPrimitives.WriteInt32LittleEndian(record[1..], fd);
            BinaryPrimitives.WriteUInt16LittleEndian(record[5..], (ushort)errno);
        }
    }

    public void Input(string name, ReadOnlySpan<byte> bytes)
    {
        if (!TryName(name, 7, out ushort id))
        {
            Lose(bytes.Length);
            return;
        }

        Span<byte> record = Reserve(7);
        record[0] = (byte)RecordKind.Input;
        BinaryPrimitives.WriteUInt16LittleEndian(record[1..], id);
        BinaryPrimitives.WriteInt32LittleEndian(record[3..], bytes.Length);
        Traffic(bytes);
    }

    /// <summary>Hands over what is left, and waits until it is written. What comes later is lost.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        if (_chunk is { } chunk)
        {
            Publish();
            if (chunk.Length > 0)
            {
                _sink.Exchange(chunk);
            }
        }

        Close();
        _sink.Dispose();
    }

    // On x86-64 the kernel's own layout is that of the record. One or two are written sooner than a copy is called.
    private static ReadyEntry WriteEntries(byte* record, int count, ReadyEntry entry)
    {
        const int Few = 2;
        if (count > Few && EpollEventLayout.Current.Size == WaitEntry)
        {
            return entry.CopyTo(new Span<byte>(record, count * WaitEntry));
        }

        for (; count > 0; count--)
        {
            Unsafe.WriteUnaligned(record, (uint)entry.Events);
            Unsafe.WriteUnaligned(record + 4, entry.Token.Raw);
            record += WaitEntry;
            entry = entry.Next;
        }

        return entry;
    }

    private void Datagram(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> sender, bool isTruncated)
    {
        Span<byte> record = Reserve(7 + sender.Length);
        if (!record.IsEmpty)
        {
            record[0] = (byte)RecordKind.Datagram;
            record[1] = isTruncated ? (byte)1 : (byte)0;
            record[2] = (byte)sender.Length;
            sender.CopyTo(record[3..]);
            BinaryPrimitives.WriteInt32LittleEndian(record[(3 + sender.Length)..], bytes.Length);
        }

        Traffic(bytes);
    }

    // Bytes follow their record, in as many parts as needed.
    private void Traffic(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int part = Math.Min(bytes.Length, LongestPart);
            Span<byte> record = Reserve(5 + part);
            if (!record.IsEmpty)
            {
                record[0] = (byte)RecordKind.Bytes;
                BinaryPrimitives.WriteInt32LittleEndian(record[1..], part);
                bytes[..part].CopyTo(record[5..]);
            }

            bytes = bytes[part..];
        }
    }

    // The name's number in this chunk, in which the record of some size that uses it must lie, too. If it is lost, so is the record.
    private bool TryName(string name, int size, out ushort id)
    {
        if (_names.TryGetValue(name, out id) && HasRoom(size))
        {
            return true;
        }

        int length = Encoding.UTF8.GetByteCount(name);
        if (!HasRoom(5 + length + size) && !TryTurn(5 + length + size))
        {
            return false;
        }

        Span<byte> record = Reserve(5 + length);

        id = (ushort)_names.Count;
        record[0] = (byte)RecordKind.Name;
        BinaryPrimitives.WriteUInt16LittleEndian(record[1..], id);
        BinaryPrimitives.WriteUInt16LittleEndian(record[3..], (ushort)length);
        Encoding.UTF8.GetBytes(name, record[5..]);
        _names.Add(name, id);
        return true;
    }

    private bool HasRoom(int size) => _end - _next >= size;

    // Empty if the record is lost.
    private Span<byte> Reserve(int size)
    {
        byte* record = ReserveRaw(size);
        return record == null ? default : new Span<byte>(record, size);
    }

    // The same for the records of every iteration, without a check of bounds for each of their parts. Processors are little-endian here
    // (ProcessorAbi), as the records are.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* ReserveRaw(int size)
    {
        byte* record = _next;
        if (_end - record < size)
        {
            if (!TryTurn(size))
            {
                return null;
            }

            record = _next;
        }

        _next = record + size;
        return record;
    }

    // Without a chunk, only the next wait tries to get one: while a disk is slow, each record would take the lock of the chunks.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryTurn(int size)
    {
        if (_chunk is not null)
        {
            Turn();
        }

        if (_chunk is null)
        {
            Lose(size);
        }

        return _chunk is not null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TurnOrTell()
    {
        if (_chunk is { } chunk)
        {
            _sink.OnPublished(chunk);
        }
        else
        {
            Turn();
        }
    }

    private void Lose(int size)
    {
        if (!_isClosed)
        {
            Lost += size;
            _lostSinceGap += size;
        }
    }

    private void Turn()
    {
        if (_isClosed)
        {
            return;
        }

        if (_chunk is { } full)
        {
            full.Length = (int)(_next - full.Start);
        }

        _chunk = _sink.Exchange(_chunk);
        _next = _end = null;
        if (_chunk is not { } chunk)
        {
            if (_sink.HasFailed)
            {
                Close();
            }

            return;
        }

        _names.Clear();
        chunk.Number = _chunks++;
        _next = chunk.Start;
        _end = _next + Chunk.Size;
        if (_lostSinceGap > 0)
        {
            Span<byte> gap = Reserve(GapSize);
            gap[0] = (byte)RecordKind.Gap;
            BinaryPrimitives.WriteInt64LittleEndian(gap[1..], _lostSinceGap);
            _lostSinceGap = 0;
        }
    }
}
