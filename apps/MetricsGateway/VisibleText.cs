using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace MetricsGateway;

/// <summary>
/// Names from untrusted senders, for terminals and logs. Invisible characters that change how the rest is shown are written as
/// <c>\u202E</c>: those that reverse the direction of a line, join others or hide between them. So are control characters.
/// </summary>
internal static class VisibleText
{
    /// <summary>
    /// Names as JSON. The reader is a terminal or a JSON parser, never a browser: visible characters stay as they are.
    /// </summary>
    public static JavaScriptEncoder Json { get; } = new VisibleJson();

    /// <summary>Untrusted text, safe to show in a line.</summary>
    public static string Of(string text)
    {
        if (text.EnumerateRunes().All(IsVisible))
        {
            return text;
        }

        StringBuilder visible = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            AppendTo(visible, rune);
        }

        return visible.ToString();
    }

    /// <inheritdoc cref="Of(string)"/>
    public static string Of(ReadOnlySpan<byte> utf8) => Of(Encoding.UTF8.GetString(utf8));

    private static void AppendTo(StringBuilder text, Rune rune)
    {
        if (IsVisible(rune))
        {
            text.Append(rune.ToString());
            return;
        }

        foreach (char unit in rune.ToString())
        {
            text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:X4}");
        }
    }

    private static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    /// <summary>The framework's encoder for readers other than browsers does not escape format characters.</summary>
    private sealed class VisibleJson : JavaScriptEncoder
    {
        private static readonly JavaScriptEncoder Relaxed = UnsafeRelaxedJsonEscaping;

        // The same as for the framework's encoders: \uXXXX.
        public override int MaxOutputCharactersPerInputCharacter => Relaxed.MaxOutputCharactersPerInputCharacter;

        public override bool WillEncode(int unicodeScalar) => Relaxed.WillEncode(unicodeScalar) || !IsVisible(new Rune(unicodeScalar));

        public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
        {
            ReadOnlySpan<char> chars = new(text, textLength);
            for (int i = 0; i < chars.Length;)
            {
                if (Rune.DecodeFromUtf16(chars[i..], out Rune rune, out int length) != System.Buffers.OperationStatus.Done
                    || WillEncode(rune.Value))
                {
                    return i;
                }

                i += length;
            }

            return -1;
        }

        public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text) =>
            Ascii.IsValid(utf8Text) ? Relaxed.FindFirstCharacterToEncodeUtf8(utf8Text) : base.FindFirstCharacterToEncodeUtf8(utf8Text);

        public override unsafe bool TryEncodeUnicodeScalar(
            int unicodeScalar,
            char* buffer,
            int bufferLength,
            out int numberOfCharactersWritten)
        {
            if (Relaxed.WillEncode(unicodeScalar) || IsVisible(new Rune(unicodeScalar)))
            {
                return Relaxed.TryEncodeUnicodeScalar(unicodeScalar, buffer, bufferLength, out numberOfCharactersWritten);
            }

            StringBuilder escaped = new();
            AppendTo(escaped, new Rune(unicodeScalar));
            numberOfCharactersWritten = escaped.Length <= bufferLength ? escaped.Length : 0;
            escaped.CopyTo(0, new Span<char>(buffer, bufferLength), numberOfCharactersWritten);
            return numberOfCharactersWritten > 0;
        }
    }
}
