using System.Text;

namespace MetricsGateway.Tests;

internal static class Utf8Text
{
    public static byte[] Utf8(this string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(this ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    /// <summary>One char for each byte, so that a test's table can write any byte as "\xff".</summary>
    public static byte[] Bytes(this string text) => Encoding.Latin1.GetBytes(text);
}
