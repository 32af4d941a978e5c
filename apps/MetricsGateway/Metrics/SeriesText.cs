using System.Buffers;
using System.Text;

namespace MetricsGateway.Metrics;

/// <summary>Cleans a series' name and its tags, so that two series that differ also differ in Graphite. The text never becomes
/// longer.</summary>
internal static class SeriesText
{
    private const byte Replacement = (byte)'_';
    private const byte Dot = (byte)'.';

    private static readonly SearchValues<byte> CleanNameBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.="u8);

    // Excludes what Graphite uses as syntax, and what some part of it refuses: "!" and "^" in a tag's name, "~" at the beginning of a
    // value, and braces, because text that ends with "} would be read as another format.
    private static readonly SearchValues<byte> CleanTagBytes = SearchValues.Create(
        [.. Enumerable.Range('!', '~' - '!').Select(value => (byte)value).Where(value => !"!^;={}"u8.Contains(value))]);

    /// <summary>Whether <see cref="CleanName"/> would change nothing, as for most names.</summary>
    public static bool IsCleanName(ReadOnlySpan<byte> name) =>
        !name.ContainsAnyExcept(CleanNameBytes) && name is not [Dot, ..] and not [.., Dot] && name.IndexOf(".."u8) < 0;

    /// <summary>Whether <see cref="CleanTag"/> would change nothing.</summary>
    public static bool IsCleanTag(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(CleanTagBytes);

    /// <summary>
    /// Cleans a name as statsd does: white space becomes "_", a slash "-", and characters other than letters, digits and "_-.=" are left
    /// out. There are two differences. Characters beyond ASCII stay, except white space: Graphite accepts them. Adjacent dots become one,
    /// and dots at the ends are removed: Graphite's files would be the same.
    /// </summary>
    /// <param name="name">Valid UTF-8 without a semicolon.</param>
    /// <param name="target">At least as long as the name.</param>
    /// <returns>The length of the clean name, which may be 0.</returns>
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

    /// <summary>Cleans a tag's name or value: white space, and characters that Graphite would misread, become "_".</summary>
    /// <param name="text">Valid UTF-8.</param>
    /// <param name="target">At least as long as the text.</param>
    /// <param name="isValue">Whether it is a value, which may have "=", "!" and "^".</param>
    /// <returns>The length of the clean text.</returns>
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

    // Unicode's white space: Graphite splits a line at each.
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
