namespace Vigil.Internals.Tests.Support;

/// <summary>An open file descriptor and what it is.</summary>
internal readonly record struct OpenDescriptor(int Number, string Kind);

/// <summary>The process's open file descriptors.</summary>
internal static class OpenDescriptors
{
    /// <summary>Numbers from here on are out of reach of what the kernel gives out by itself, the lowest free one, in this
    /// process.</summary>
    public const int Reserved = 700;

    /// <summary>
    /// The descriptors that an action opened and left open, in the order of their numbers. Without files that have a path elsewhere than
    /// below a directory: the runtime opens those whenever it loads code, on any thread.
    /// </summary>
    public static OpenDescriptor[] OpenedBy(Action action, string? below = null)
    {
        List<OpenDescriptor> before = All();
        action();
        return [.. All().Except(before).Where(IsOfInterest).OrderBy(descriptor => descriptor.Number)];

        bool IsOfInterest(OpenDescriptor descriptor) =>
            !descriptor.Kind.StartsWith('/') || (below is not null && descriptor.Kind.StartsWith(below, StringComparison.Ordinal));
    }

    public static int Count(string kind) => All().Count(descriptor => string.Equals(descriptor.Kind, kind, StringComparison.Ordinal));

    // The look itself opens a descriptor, of the folder that it reads; it is gone when its link is asked for.
    private static List<OpenDescriptor> All()
    {
        List<OpenDescriptor> all = [];
        foreach (string path in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            if (new FileInfo(path).LinkTarget is { } target)
            {
                all.Add(new OpenDescriptor(int.Parse(Path.GetFileName(path)), KindOf(target)));
            }
        }

        return all;
    }

    // Pipes and sockets are named with the number of their inode: socket:[4711].
    private static string KindOf(string link) =>
        link.StartsWith("anon_inode:", StringComparison.Ordinal) || link.IndexOf(':') is not (> 0 and var colon) ? link : link[..colon];
}
