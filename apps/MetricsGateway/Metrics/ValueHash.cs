using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace MetricsGateway.Metrics;

/// <summary>
/// 128 bits in place of a text of any length: SipHash-2-4 (Aumasson and Bernstein 2012) with its output of 128 bits. The key is secret, so
/// nobody can make two texts with the same hash; by chance two of a million have one with a probability of 10^-27.
/// </summary>
internal readonly record struct ValueHash(ulong Low, ulong High)
{
    // The hash is as random as the key, so any 32 bits will do.
    public override int GetHashCode() => (int)Low;

    /// <param name="text">Of any length.</param>
    /// <param name="key">16 bytes.</param>
    public static ValueHash Of(ReadOnlySpan<byte> text, ValueHashKey key)
    {
        ulong v0 = key.Low ^ 0x736f6d6570736575;
        ulong v1 = key.High ^ 0x646f72616e646f6d ^ 0xee;
        ulong v2 = key.Low ^ 0x6c7967656e657261;
        ulong v3 = key.High ^ 0x7465646279746573;
        ulong last = (ulong)text.Length << 56;
        while (text.Length >= sizeof(ulong))
        {
            Mix(BinaryPrimitives.ReadUInt64LittleEndian(text), ref v0, ref v1, ref v2, ref v3);
            text = text[sizeof(ulong)..];
        }

        for (int i = 0; i < text.Length; i++)
        {
            last |= (ulong)text[i] << (8 * i);
        }

        Mix(last, ref v0, ref v1, ref v2, ref v3);
        v2 ^= 0xee;
        ulong low = Finish(ref v0, ref v1, ref v2, ref v3);
        v1 ^= 0xdd;
        return new ValueHash(low, Finish(ref v0, ref v1, ref v2, ref v3));
    }

    private static void Mix(ulong word, ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
    }

    private static ulong Finish(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        for (int i = 0; i < 4; i++)
        {
            Round(ref v0, ref v1, ref v2, ref v3);
        }

        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}

/// <summary>The key of <see cref="ValueHash"/>.</summary>
internal readonly record struct ValueHashKey(ulong Low, ulong High)
{
    /// <summary>A random key.</summary>
    public static ValueHashKey Create()
    {
        Span<byte> bytes = stackalloc byte[2 * sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return FromBytes(bytes);
    }

    public static ValueHashKey FromBytes(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(ulong)..]));
}
