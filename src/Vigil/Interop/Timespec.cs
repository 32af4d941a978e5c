using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>struct timespec</c> of 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Timespec
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    public long Seconds;
    public long Nanoseconds;

    public static Timespec FromNanoseconds(long nanoseconds) => new()
    {
        Seconds = nanoseconds / NanosecondsPerSecond,
        Nanoseconds = nanoseconds % NanosecondsPerSecond,
    };

    public readonly long ToNanoseconds() => (Seconds * NanosecondsPerSecond) + Nanoseconds;
}
