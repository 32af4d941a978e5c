using System.Buffers.Binary;

namespace Vigil.Recording;

/// <summary>The beginning of a recording's file.</summary>
internal readonly record struct RecordingHeader(long WallClock, bool HasTraffic)
{
    /// <summary>Its size in bytes.</summary>
    public const int Size = 32;

    /// <summary>
    /// The size in bytes of what stands before each chunk: u32 its length, u64 its number. A chunk that is written in parts has a frame
    /// before each, with the same number.
    /// </summary>
    public const int FrameSize = 12;

    private const uint Version = 1;

    private static ReadOnlySpan<byte> Magic => "VIGILREC"u8;

    public void Write(Span<byte> target)
    {
        target[..Size].Clear();
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Version);
        target[12] = HasTraffic ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], WallClock);
    }

    /// <exception cref="InvalidDataException">It is no recording, or one of another version.</exception>
    public static RecordingHeader Read(ReadOnlySpan<byte> source, string path)
    {
        if (source.Length < Size || !source[..8].SequenceEqual(Magic))
        {
            throw new InvalidDataException($"{path} is no recording of Vigil: it does not begin with VIGILREC.");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        return version == Version
            ? new RecordingHeader(BinaryPrimitives.ReadInt64LittleEndian(source[16..]), source[12] != 0)
            : throw new InvalidDataException($"{path} is a recording of version {version}; this program reads version {Version}.");
    }

    public static void WriteFrame(Span<byte> target, int length, long number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, length);
        BinaryPrimitives.WriteInt64LittleEndian(target[4..], number);
    }
}
