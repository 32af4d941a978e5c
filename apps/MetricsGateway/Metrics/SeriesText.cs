using System.Buffers;
using System.Text;

namespace MetricsGateway.Metrics;

/// <summary>Writes a series' name and its tags so that two of them that differ are two for Graphite as well. Neither ever becomes
/// longer.</summary>
internal static class SeriesText
{
    private const byte Replacement = (byte)'_';
    private const byte Dot = (byte)'.';

    private static readonly SearchValues<byte> CleanNameBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.="u8);

    // What Graphite's syntax gives a meaning, and what it refuses somewhere: "!" and "^" in a tag's name, "~" where its value begins, and
    // braces, because what ends with "} would be read as another format.
    private static readonly SearchValues<byte> CleanTagBytes = SearchValues.Create(
        [.. Enumerable.Range('!', '~' - '!').Select(value => (byte)value).Where(value => !"!^;={}"u8.Contains(value))]);

    /// <summary>Whether <see cref="CleanName"/> would change nothing. Most names are.</summary>
    public static bool IsCleanName(ReadOnlySpan<byte> name) =>
        !name.ContainsAnyExcept(CleanNameBytes) && name is not [Dot, ..] and not [.., Dot] && name.IndexOf(".."u8) < 0;

    /// <summary>Whether <see cref="CleanTag"/> would change nothing.</summary>
    public static bool IsCleanTag(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(CleanTagBytes);

    /// <summary>
    /// What statsd makes of names: white space becomes "_", a slash "-", and what is neither a letter, a digit, nor one of "_-.=" is left
    /// out. Two things are not as there. What is beyond ASCII stays, but for white space: Graphite has no difficulty with it. Dots without
    /// anything between them are one, and there are none at the ends: Graphite's files would be the same ones.
    /// </summary>
    /// <param name="name">Valid UTF-8 without a semicolon.</param>
    /// <param name="target">As long as the name at least.</param>
    /// <returns>How long the clean name is; perhaps nothing is left.</returns>
    public static int CleanName(ReadOnlySpan<byte> name, Span<byte> target)
    {
        int length = 0;
        for (int i = 0; i < name.Length;)
        {
            int spaces = CountSpaces(name[i..]);
            if (spaces > 0)
            {
                i += spaces;
                target[length++] = Replacement;
                continue;
            }

            byte value = name[i++];
            if (value == Dot)
            {
                if (length > 0 && target[length - 1] != Dot)
                {
                    target[length++] = Dot;
                }
            }
            else if (value >= 0x80 || CleanNameBytes.Contains(value))
            {
                target[length++] = value;
            }
            else if (value == '/')
            {
                target[length++] = (byte)'-';
            }
        }

        return length > 0 && target[length - 1] == Dot ? length - 1 : length;
    }

    /// <summary>Writes a tag's name or its value: white space, and what Graphite would misunderstand, becomes "_".</summary>
    /// <param name="text">Valid UTF-8.</param>
    /// <param name="target">As long as the text at least.</param>
    /// <param name="isValue">Whether it is a value, which may have "=", "!" and "^".</param>
    /// <returns>How long it is now.</returns>
    public static int CleanTag(ReadOnlySpan<byte> text, Span<byte> target, bool isValue)
    {
        int length = 0;
        for (int i = 0; i < text.Length;)
        {
            int spaces = CountSpaces(text[i..]);
            if (spaces > 0)
            {
                i += spaces;
                target[length++] = Replacement;
                continue;
            }

            byte value = text[i++];
            bool isKept = value >= 0x80 || CleanTagBytes.Contains(value) || (isValue && value is (byte)'=' or (byte)'!' or (byte)'^')
                || (value == '~' && !(isValue && length == 0));
            target[length++] = isKept ? value : Replacement;
        }

        return length;
    }

    // Unicode's white space: Graphite divides a line at every one.
    private static int CountSpaces(ReadOnlySpan<byte> text)
    {
        int count = 0;
        while (count < text.Length)
        {
            if (text[count] < 0x80)
            {
                if (text[count] is not (byte)' ' and not (byte)'\t')
                {
                    break;
                }

                count++;
            }
            else
            {
                OperationStatus status = Rune.DecodeFromUtf8(text[count..], out Rune rune, out int length);
                if (status != OperationStatus.Done || !Rune.IsWhiteSpace(rune))
                {
                    break;
                }

                count += length;
            }
        }

        return count;
    }
}
