using System.Buffers;
using System.Text.Unicode;

namespace MetricsGateway.Protocols;

internal static class LineText
{
    private const byte Tab = (byte)'\t';
    private const byte Delete = 0x7F;

    private static readonly SearchValues<byte> ControlBytes = SearchValues.Create(Controls(exceptTab: false));
    private static readonly SearchValues<byte> ControlBytesExceptTab = SearchValues.Create(Controls(exceptTab: true));

    /// <summary>Whether the line is UTF-8 without control characters.</summary>
    public static bool IsPrintable(ReadOnlySpan<byte> line) => !line.ContainsAny(ControlBytes) && Utf8.IsValid(line);

    /// <inheritdoc cref="IsPrintable"/>
    public static bool IsPrintableOrTab(ReadOnlySpan<byte> line) => !line.ContainsAny(ControlBytesExceptTab) && Utf8.IsValid(line);

    private static byte[] Controls(bool exceptTab) =>
        [.. Enumerable.Range(0, ' ').Select(value => (byte)value).Where(value => !exceptTab || value != Tab), Delete];
}
