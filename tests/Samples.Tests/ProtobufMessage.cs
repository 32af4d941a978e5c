using System.Buffers.Binary;
using System.Text;

namespace Samples.Tests;

/// <summary>
/// The fields of a message in Protocol Buffers' wire format: each is a number with a type, and a value. Which message it is, the reader
/// knows.
/// </summary>
internal sealed class ProtobufMessage
{
    private readonly List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> _fields = [];

    public ProtobufMessage(ReadOnlyMemory<byte> encoded)
    {
        int at = 0;
        while (at < encoded.Length)
        {
            ulong key = ReadVarint(encoded.Span, ref at);
            int number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    _fields.Add((number, ReadVarint(encoded.Span, ref at), default));
                    break;
                case 1:
                    _fields.Add((number, BinaryPrimitives.ReadUInt64LittleEndian(encoded.Span[at..]), default));
                    at += sizeof(ulong);
                    break;
                case 2:
                    int length = (int)ReadVarint(encoded.Span, ref at);
                    _fields.Add((number, 0, encoded.Slice(at, length)));
                    at += length;
                    break;
                case 5:
                    _fields.Add((number, BinaryPrimitives.ReadUInt32LittleEndian(encoded.Span[at..]), default));
                    at += sizeof(uint);
                    break;
                default:
                    throw new InvalidDataException($"Field {number} has the wire type {key & 7}, which there is not.");
            }
        }
    }

    public bool Has(int number) => _fields.Exists(field => field.Number == number);

    /// <summary>A number; 0 if it is not there.</summary>
    public ulong Number(int number) => _fields.LastOrDefault(field => field.Number == number).Value;

    /// <summary>A text; empty if it is not there.</summary>
    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number).Span);

    /// <summary>Bytes in hexadecimal digits; empty if it is not there.</summary>
    public string Hex(int number) => Convert.ToHexStringLower(Bytes(number).Span);

    /// <summary>A message; an empty one if it is not there.</summary>
    public ProtobufMessage Message(int number) => new(Bytes(number));

    public IEnumerable<ProtobufMessage> Messages(int number) =>
        _fields.Where(field => field.Number == number).Select(field => new ProtobufMessage(field.Bytes));

    private ReadOnlyMemory<byte> Bytes(int number) => _fields.LastOrDefault(field => field.Number == number).Bytes;

    private static ulong ReadVarint(ReadOnlySpan<byte> encoded, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = encoded[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
