using System.Runtime.InteropServices;

namespace MetricsGateway.Interop;

/// <summary>The limit of open file descriptors.</summary>
internal static unsafe partial class DescriptorLimit
{
    /// <summary>
    /// The minimum to start and to serve the first connections: about 60 descriptors that stay open, including the runtime's own, and those
    /// that the runtime opens for moments, to load code, to read /proc and to start threads. If it gets none, it aborts the process, so the
    /// limit must be checked first.
    /// </summary>
    public const int Minimum = 96;

    private const int NumberOfFiles = 7;

    /// <summary>Whether the limit is too low to start. The runtime has already raised the soft limit to the hard limit.</summary>
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

    // struct rlimit (getrlimit(2)), if long has 64 bits.
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
