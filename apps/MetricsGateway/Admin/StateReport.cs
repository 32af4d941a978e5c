using System.Buffers;
using System.Globalization;
using System.Text;

namespace MetricsGateway.Admin;

/// <summary>
/// The text that SIGUSR1 shows: the listeners, and the answers of <c>health</c> and <c>stats</c>, grouped by line, without zeros.
/// </summary>
internal static class StateReport
{
    public static string Create(AdminCommands commands, GatewayStatus status)
    {
        StringBuilder text = new();
        foreach (ListenerStatus listener in status.Listeners)
        {
            string connections = listener.Connections switch
            {
                0 => string.Empty,
                1 => ", 1 connection",
                _ => string.Create(CultureInfo.InvariantCulture, $", {listener.Connections} connections"),
            };
            text.Append("  ").Append(listener.Option).Append(' ').Append(listener.Place).Append(connections).Append('\n');
        }

        // "flush.count: 3" and "flush.missed: 1" become "flush: count 3, missed 1".
        IEnumerable<IGrouping<string, (string[] Names, string Value)>> groups = Lines(commands, status, "health"u8)
            .Concat(Lines(commands, status, "stats"u8))
            .Where(line => !string.Equals(line.Value, "0", StringComparison.Ordinal))
            .GroupBy(line => line.Names[0], StringComparer.Ordinal);
        foreach (IGrouping<string, (string[] Names, string Value)> group in groups)
        {
            text.Append("  ").Append(group.Key).Append(": ");
            text.AppendJoin(", ", group.Select(line => line.Names.Length > 1 ? $"{line.Names[1]} {line.Value}" : line.Value)).Append('\n');
        }

        return text.ToString();
    }

    private static IEnumerable<(string[] Names, string Value)> Lines(
        AdminCommands commands,
        GatewayStatus status,
        ReadOnlySpan<byte> command)
    {
        ArrayBufferWriter<byte> answer = new();
        commands.Execute(command, status, answer);
        return Encoding.UTF8.GetString(answer.WrittenSpan)
            .Split('\n')
            .Select(line => line.Split(": ", 2))
            .Where(parts => parts.Length == 2)
            .Select(parts => (parts[0].Split('.', 2), parts[1]));
    }
}
