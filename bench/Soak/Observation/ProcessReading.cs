using System.Globalization;

namespace Soak.Observation;

/// <summary>What a process has, as the kernel tells it (<c>proc(5)</c>).</summary>
/// <param name="ResidentBytes">Its resident memory.</param>
/// <param name="Descriptors">Its open descriptors, by kind.</param>
/// <param name="Threads">Its threads, by name.</param>
internal sealed record ProcessReading(
    long ResidentBytes, IReadOnlyDictionary<string, int> Descriptors, IReadOnlyDictionary<string, int> Threads)
{
    // The runtime's threads of its pool, its compiler and its background collections, which it starts when it needs them and ends later.
    private static readonly string[] PassingThreads = [".NET TP", ".NET Tiered", ".NET BGC"];

    // The runtime keeps the file of an assembly open, from the first use of its code on.
    private const string Assembly = "assembly";

    private const StringComparison Ordinal = StringComparison.Ordinal;

    /// <summary>All of them.</summary>
    public int DescriptorCount => Descriptors.Values.Sum();

    /// <summary>All of them.</summary>
    public int ThreadCount => Threads.Values.Sum();

    /// <exception cref="IOException">The process has ended.</exception>
    public static ProcessReading Of(int processId) =>
        new(ResidentBytesOf(processId), Counted(DescriptorKindsOf(processId)), Counted(ThreadNamesOf(processId)));

    /// <summary>The kinds of descriptors and threads of which there is another number than before, such as "socket 5 → 6". Assemblies,
    /// and threads that come and go, are left out.</summary>
    public string DifferenceTo(ProcessReading before)
    {
        IEnumerable<string> descriptors = Differences(before.Descriptors, Descriptors).Where(text => !text.StartsWith(Assembly, Ordinal));
        IEnumerable<string> threads = Differences(before.Threads, Threads)
            .Where(text => !PassingThreads.Any(passing => text.StartsWith(passing, Ordinal)));
        return string.Join(", ", [.. descriptors, .. threads.Select(text => $"thread {text}")]);
    }

    private static IEnumerable<string> Differences(IReadOnlyDictionary<string, int> before, IReadOnlyDictionary<string, int> now) =>
        now.Keys.Union(before.Keys, StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .Select(kind => (kind, Was: before.GetValueOrDefault(kind), Is: now.GetValueOrDefault(kind)))
            .Where(each => each.Was != each.Is)
            .Select(each => $"{each.kind} {each.Was} → {each.Is}");

    private static Dictionary<string, int> Counted(IEnumerable<string> kinds) =>
        kinds.CountBy(kind => kind, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);

    private static long ResidentBytesOf(int processId) =>
        long.Parse(File.ReadAllText($"/proc/{processId}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private static IEnumerable<string> DescriptorKindsOf(int processId)
    {
        foreach (FileSystemInfo entry in new DirectoryInfo($"/proc/{processId}/fd").EnumerateFileSystemInfos())
        {
            string? target = null;
            try
            {
                target = entry.LinkTarget;
            }
            catch (IOException)
            {
                // Closed meanwhile.
            }

            // One's own list is such a descriptor, too.
            if (target is not null && !target.StartsWith("/proc/", Ordinal))
            {
                yield return KindOf(target);
            }
        }
    }

    // "socket:[123]", "pipe:[123]", "anon_inode:[eventpoll]", "anon_inode:inotify", "/usr/lib/x.dll".
    private static string KindOf(string target) => target switch
    {
        ['/', ..] => target.EndsWith(".dll", Ordinal) ? Assembly : "file",
        _ when target.StartsWith("anon_inode:", Ordinal) => target["anon_inode:".Length..].Trim('[', ']'),
        _ => target.Split(':')[0],
    };

    private static IEnumerable<string> ThreadNamesOf(int processId)
    {
        foreach (string directory in Directory.EnumerateDirectories($"/proc/{processId}/task"))
        {
            string? name = null;
            try
            {
                name = File.ReadAllText(Path.Combine(directory, "comm")).Trim();
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }

            if (name is not null)
            {
                yield return name;
            }
        }
    }
}
