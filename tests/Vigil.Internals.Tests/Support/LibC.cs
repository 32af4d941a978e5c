using System.Runtime.InteropServices;

namespace Vigil.Internals.Tests.Support;

/// <summary>System calls that tests need and the library does not use.</summary>
internal static partial class LibC
{
    private const int ESRCH = 3;
    private const int F_GETFD = 1;
    private const int F_DUPFD_CLOEXEC = 1030;
    private const int FD_CLOEXEC = 1;
    private const int O_CLOEXEC = 0x80000;

    public static bool IsCloseOnExec(int fd) => (Checked(fcntl(fd, F_GETFD, 0)) & FD_CLOEXEC) != 0;

    /// <summary>Duplicates a descriptor to the lowest free number that is not below another.</summary>
    public static int DuplicateFrom(int fd, int lowest) => Checked(fcntl(fd, F_DUPFD_CLOEXEC, lowest));

    /// <summary>Duplicates a descriptor to a certain number.</summary>
    public static void DuplicateTo(int fd, int number) => Checked(dup3(fd, number, O_CLOEXEC));

    public static void Close(int fd) => Checked(close(fd));

    public static int CurrentThreadId() => gettid();

    /// <summary>Sends a signal to a thread of this process, unless it has ended.</summary>
    public static void SignalThread(int threadId, int signal)
    {
        if (tgkill(Environment.ProcessId, threadId, signal) < 0 && Marshal.GetLastPInvokeError() != ESRCH)
        {
            Checked(-1);
        }
    }

    private static int Checked(int result) =>
        result >= 0 ? result : throw new InvalidOperationException(Marshal.GetLastPInvokeErrorMessage());

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup3(int fd, int number, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc")]
    private static partial int gettid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tgkill(int process, int thread, int signal);
}
