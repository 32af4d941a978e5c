using System.Globalization;
using System.Runtime.InteropServices;
using Vigil.IO;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>Terminals in a session of their own.</summary>
internal static partial class TerminalScenarios
{
    private const int O_RDWR = 2;
    private const int O_NOCTTY = 0x100;
    private const int O_CLOEXEC = 0x80000;

    /// <summary>A line that a session leader opens does not become its controlling terminal, so the process survives when the line is
    /// unplugged; the loop is notified.</summary>
    public static void Unplugged(string[] args)
    {
        const int EIO = 5;
        Check(setsid() > 0, "setsid failed");
        Check(ControllingTerminal() == 0, "the session begins with a terminal");
        var master = new FdHandle(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
        int number = (int)master.DangerousGetHandle();
        Check(grantpt(number) == 0 && unlockpt(number) == 0, "no pseudo terminal");
        string path = Marshal.PtrToStringUTF8(ptsname(number))!;
        using FdHandle line = FdHandle.Open(path, OpenFlags.ReadWrite);
        Check(ControllingTerminal() == 0, "the line is the controlling terminal");
        Check(NonBlocking.TryRead(line, new byte[16]).WouldBlock, "the line is in blocking mode");
        using var manager = new EventManager();
        EventSet told = EventSet.None;
        manager.CreateSocketEvent(line, EventSet.In | EventSet.EdgeTriggered, (_, ready) => told |= ready);
        master.Dispose();
        manager.RunUntil(() => told.HasFlag(EventSet.HangUp));
        IOResult read = NonBlocking.TryRead(line, new byte[16]);
        Check(read.IsEndOfStream || read.Errno == EIO, $"{read}");

        // Another process's open file of a terminal in blocking mode does not block either, and keeps its mode.
        using var second = new FdHandle(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
        int other = (int)second.DangerousGetHandle();
        Check(NonBlocking.TryRead(other, new byte[16]).WouldBlock, "reading waits");
        using FdHandle own = FdHandle.Open("/dev/ptmx", OpenFlags.ReadWrite);
        Check(NonBlocking.TryRead(own, new byte[16]).WouldBlock && ControllingTerminal() == 0, "another outcome");
    }

    // The seventh field; the second is a name in parentheses (proc_pid_stat(5)).
    private static int ControllingTerminal()
    {
        string stat = File.ReadAllText("/proc/self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[4], CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc")]
    private static partial int setsid();

    [LibraryImport("libc")]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc")]
    private static partial int grantpt(int fd);

    [LibraryImport("libc")]
    private static partial int unlockpt(int fd);

    [LibraryImport("libc")]
    private static partial nint ptsname(int fd);
}
