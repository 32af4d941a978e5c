namespace Vigil.Internals.Tests.Support;

/// <summary>An open file descriptor and its kind.</summary>
internal readonly record struct OpenDescriptor(int Number, string Kind);

/// <summary>The process's open file descriptors.</summary>
internal static class OpenDescriptors
{
    /// <summary>From here on, numbers are beyond those that the kernel gives out by itself in this process, which are the lowest free
    /// ones.</summary>
    public const int Reserved = 700;

    /// <summary>
    /// The descriptors that an action opened and left open, in ascending order. Files with a path are included only below a directory: the
    /// runtime opens others whenever it loads code, on any thread.
    /// </summary>
    public static OpenDescriptor[] OpenedBy(Action action, string? below = null)
    {
        List<OpenDescriptor> before = All();
        action();
        return [.. All().Except(before).Where(IsOfInterest).OrderBy(descriptor => descriptor.Number)];

        bool IsOfInterest(OpenDescriptor descriptor) =>
            !descriptor.Kind.StartsWith('/') || (below is not null && descriptor.Kind.StartsWith(below, StringComparison.Ordinal));
    }

    /// <summary>Lets finalizers close what other tests did not dispose, so that none closes a descriptor while descriptors are
    /// compared.</summary>
    public static void CloseForgotten()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    /// <summary>Those of some descriptors that are still open.</summary>
    public static OpenDescriptor[] StillOpen(OpenDescriptor[] descriptors) => [.. descriptors.Intersect(All())];

    public static int Count(string kind) => All().Count(descriptor => string.Equals(descriptor.Kind, kind, StringComparison.Ordinal));

    // Listing opens a descriptor itself, of the directory that is read; it is closed when its link is read.
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
