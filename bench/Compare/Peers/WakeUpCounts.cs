using System.Globalization;

namespace Compare.Peers;

/// <summary>
/// How often each thread of a process has gone to sleep, which is how often it was woken (<c>voluntary_ctxt_switches</c>,
/// <c>proc_pid_status(5)</c>).
/// </summary>
internal sealed class WakeUpCounts
{
    // The runtime's thread, which checks the machine's memory every ten seconds, whatever the program does.
    private const string Finalizer = ".NET Finalizer";

    private readonly Dictionary<string, (string Name, long Count)> _threads = new(StringComparer.Ordinal);

    private WakeUpCounts(int processId)
    {
        foreach (string task in Directory.GetDirectories($"/proc/{processId}/task"))
        {
            try
            {
                string[] lines = File.ReadAllLines(Path.Combine(task, "status"));
                _threads.Add(
                    task,
                    (ValueOf(lines, "Name:"), long.Parse(ValueOf(lines, "voluntary_ctxt_switches:"), CultureInfo.InvariantCulture)));
            }
            catch (IOException)
            {
                // The thread has ended since it was listed.
            }
        }
    }

    public static WakeUpCounts Of(int processId) => new(processId);

    /// <summary>The wake-ups of the present threads since an earlier count.</summary>
    public long Since(WakeUpCounts earlier) => _threads.Keys.Sum(task => Since(earlier, task));

    /// <summary>The same without the runtime's finalizer thread.</summary>
    public long SinceWithoutFinalizer(WakeUpCounts earlier) =>
        _threads.Where(thread => thread.Value.Name != Finalizer).Sum(thread => Since(earlier, thread.Key));

    private long Since(WakeUpCounts earlier, string task) =>
        _threads[task].Count - (earlier._threads.TryGetValue(task, out (string, long Count) before) ? before.Count : 0);

    private static string ValueOf(string[] lines, string field) =>
        lines.FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal)) is { } line ? line[field.Length..].Trim() : "0";
}
