using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Vigil;

/// <summary>
/// Converts between the kernel's names, which are bytes, and text. UTF-8 becomes the same text; each other byte becomes U+DC00 plus the
/// byte, a lone surrogate, which UTF-8 cannot yield. So every name has a distinct text, and the text converts back to the name.
/// </summary>
internal static class FileName
{
    private const char EscapedByte = '\uDC00';
    private const char FirstEscape = '\uDC80';
    private const char LastEscape = '\uDCFF';

    public static string Decode(ReadOnlySpan<byte> name) => Utf8.IsValid(name) ? Encoding.UTF8.GetString(name) : DecodeEscaping(name);

    public static byte[] Encode(string path)
    {
        byte[] bytes = new byte[MaxLength(path)];
        return bytes[..Encode(path, bytes)];
    }

    /// <summary>The greatest number of bytes of a path.</summary>
    public static int MaxLength(ReadOnlySpan<char> path) => Encoding.UTF8.GetMaxByteCount(path.Length);

    /// <summary>Writes a path's bytes and returns their number.</summary>
    public static int Encode(ReadOnlySpan<char> path, Span<byte> bytes)
    {
        int length = 0;
        while (true)
        {
            // Any other lone surrogate is in no name: it becomes a replacement character, and the path will not be found.
            int plain = path.IndexOfAnyInRange(FirstEscape, LastEscape);
            while (plain > 0 && char.IsHighSurrogate(path[plain - 1]))
            {
                int next = path[(plain + 1)..].IndexOfAnyInRange(FirstEscape, LastEscape);
                plain = next < 0 ? -1 : plain + 1 + next;
            }

            length += Encoding.UTF8.GetBytes(plain < 0 ? path : path[..plain], bytes[length..]);
            if (plain < 0)
            {
                return length;
            }

            bytes[length++] = (byte)(path[plain] - EscapedByte);
            path = path[(plain + 1)..];
        }
    }

    private static string DecodeEscaping(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        while (!name.IsEmpty)
        {
            bool isValid = Rune.DecodeFromUtf8(name, out Rune rune, out int length) == OperationStatus.Done;
            if (isValid)
            {
                text.Append(rune.ToString());
                name = name[length..];
            }
            else
            {
                text.Append((char)(EscapedByte + name[0]));
                name = name[1..];
            }
        }

        return text.ToString();
    }
}
