using System.Runtime.InteropServices;

namespace Vigil.Tests;

/// <summary>What the tests do to descriptors behind everybody's back.</summary>
internal static partial class Posix
{
    private const int O_CLOEXEC = 0x80000;
    private const int F_DUPFD_CLOEXEC = 1030;

    public static FdHandle Open(string path) => new(open(path, O_CLOEXEC));

    public static FdHandle Duplicate(FileDescriptor fd) => new(fcntl(fd.Number, F_DUPFD_CLOEXEC, 0));

    /// <summary>Makes a number name another file, closing what it named.</summary>
    public static void Replace(int number, FileDescriptor by) => Assert.Equal(number, dup3(by.Number, number, O_CLOEXEC));

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc")]
    private static partial int dup3(int from, int to, int flags);
}
