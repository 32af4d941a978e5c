using System.Runtime.InteropServices;

namespace MetricsGateway.Interop;

/// <summary>How many file descriptors the process may have.</summary>
internal static unsafe partial class DescriptorLimit
{
    /// <summary>
    /// What the gateway needs to start and to serve its first connections: about 60 that stay open, with the runtime's own, and those that
    /// the runtime takes for moments, to load code, to look into /proc and to start threads. Where it gets none, it aborts the process, so
    /// that this must be asked first.
    /// </summary>
    public const int Minimum = 96;

    private const int NumberOfFiles = 7;

    /// <summary>Whether the limit is too low to begin. The runtime has raised it as far as it may be raised.</summary>
    /// <param name="limit">The limit.</param>
    public static bool IsTooLow(out ulong limit)
    {
        Limit current = default;
        bool isKnown = GetLimit(NumberOfFiles, &current) == 0;
        limit = current.Soft;
        return isKnown && limit < Minimum;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, Limit* limit);

    // struct rlimit (getrlimit(2)) where long has 64 bits.
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
