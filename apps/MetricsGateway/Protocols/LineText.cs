using System.Buffers;
using System.Text.Unicode;

namespace MetricsGateway.Protocols;

internal static class LineText
{
    private const byte Tab = (byte)'\t';
    private const byte Delete = 0x7F;

    private static readonly SearchValues<byte> ControlBytes =
        SearchValues.Create([.. Enumerable.Range(0, ' ').Select(value => (byte)value).Where(value => value != Tab), Delete]);

    /// <summary>Whether the line is UTF-8 without control characters. A tab is white space like any other.</summary>
    public static bool IsPrintableOrTab(ReadOnlySpan<byte> line) => !line.ContainsAny(ControlBytes) && Utf8.IsValid(line);
}
