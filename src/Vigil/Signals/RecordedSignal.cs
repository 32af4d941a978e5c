using System.Buffers.Binary;

namespace Vigil;

/// <summary>
/// A signal in a recording: i32 number, u8 which of the others are known, i32 code, i32 sender, u32 user, i32 value, i64 how many were lost
/// before it.
/// </summary>
internal static class RecordedSignal
{
    private const int Size = 29;

    public static byte[] Encode(in SignalInfo info, long lost)
    {
        byte[] bytes = new byte[Size];
        Known known = (info.Code is null ? Known.None : Known.Code) | (info.SenderProcessId is null ? Known.None : Known.Sender)
            | (info.SenderUserId is null ? Known.None : Known.User) | (info.Value is null ? Known.None : Known.Value);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, info.Signal.Number);
        bytes[4] = (byte)known;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(5), info.Code ?? 0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(9), info.SenderProcessId ?? 0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(13), info.SenderUserId ?? 0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(17), info.Value ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(21), lost);
        return bytes;
    }

    /// <summary>False if it is damaged.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out SignalInfo info, out long lost)
    {
        (info, lost) = (default, 0);
        int number = bytes.Length == Size ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : 0;
        if (number is <= 0 or > 64)
        {
            return false;
        }

        var known = (Known)bytes[4];
        info = new SignalInfo(new Signal(number))
        {
            Code = known.HasFlag(Known.Code) ? BinaryPrimitives.ReadInt32LittleEndian(bytes[5..]) : null,
            SenderProcessId = known.HasFlag(Known.Sender) ? BinaryPrimitives.ReadInt32LittleEndian(bytes[9..]) : null,
            SenderUserId = known.HasFlag(Known.User) ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[13..]) : null,
            Value = known.HasFlag(Known.Value) ? BinaryPrimitives.ReadInt32LittleEndian(bytes[17..]) : null,
        };
        lost = BinaryPrimitives.ReadInt64LittleEndian(bytes[21..]);
        return true;
    }

    [Flags]
    private enum Known : byte
    {
        None = 0,
        Code = 1,
        Sender = 2,
        User = 4,
        Value = 8,
    }
}
