using System.Runtime.InteropServices;

namespace Vigil.Failures;

/// <summary>System calls that the driver makes for other programs. They do not go through the gate.</summary>
internal static partial class LibC
{
    private const int F_DUPFD = 0;
    private const int F_DUPFD_CLOEXEC = 1030;

    public static int Duplicate(int fd) => Checked(fcntl(fd, F_DUPFD_CLOEXEC, 0));

    /// <summary>Duplicates a descriptor to a number, as one that a program is executed with.</summary>
    public static void Pass(int fd, int number)
    {
        if (Checked(fcntl(fd, F_DUPFD, number)) != number)
        {
            throw new InvalidOperationException("The number is not free.");
        }
    }

    public static void Close(int fd) => Checked(close(fd));

    public static void SignalSelf(int signal) => Checked(kill(Environment.ProcessId, signal));

    /// <summary>The descriptor of a process.</summary>
    public static int OpenProcess(int processId) => Checked((int)syscall(434, processId, 0));

    /// <summary>Starts a process that waits. The runtime does not know it, so whoever watches it may reap it.</summary>
    /// <returns>Its id.</returns>
    public static int StartProcess()
    {
        string?[] arguments = ["sleep", "1000", null];
        string?[] environment = [null];
        int errno = posix_spawn(out int id, "/bin/sleep", 0, 0, arguments, environment);
        return errno == 0 ? id : throw new InvalidOperationException(Marshal.GetPInvokeErrorMessage(errno));
    }

    /// <summary>Kills a process that <see cref="StartProcess"/> started, unless it has been reaped.</summary>
    public static void KillProcess(int id) => _ = kill(id, 9);

    /// <summary>Reaps a process that was killed, unless that has been done.</summary>
    public static void ReapProcess(int id) => _ = waitpid(id, out _, 0);

    /// <summary>A pair of pseudo-terminals: the master's descriptor.</summary>
    public static int OpenTerminal() => Checked(posix_openpt(2));

    private static int Checked(int result) =>
        result >= 0 ? result : throw new InvalidOperationException(Marshal.GetLastPInvokeErrorMessage());

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial int waitpid(int id, out int status, int options);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(
        out int id, string path, nint actions, nint attributes, string?[] arguments, string?[] environment);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_openpt(int flags);
}
