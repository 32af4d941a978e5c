using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>signalfd(2)</c> and the calling thread's signal mask. A set of signals is 64 bits here, bit n − 1 for signal n.</summary>
internal static unsafe partial class SignalNative
{
    /// <summary>The size of <c>struct signalfd_siginfo</c>, in bytes.</summary>
    public const int InfoSize = 128;

    /// <summary>
    /// How a signal was sent: by <c>kill(2)</c>, <c>sigqueue(3)</c>, a timer, a message queue, <c>tgkill(2)</c> (<c>sigaction(2)</c>).
    /// </summary>
    public const int SI_USER = 0;
    public const int SI_QUEUE = -1;
    public const int SI_TIMER = -2;
    public const int SI_MESGQ = -3;
    public const int SI_TKILL = -6;

    /// <summary>
    /// SIGRTMIN, the first signal that the C library leaves to programs: 34 with glibc, 35 with musl. The runtime interrupts its threads
    /// with it.
    /// </summary>
    public static readonly int FirstRealTime = __libc_current_sigrtmin();

    private const int SFD_CLOEXEC = 0x80000;
    private const int SFD_NONBLOCK = 0x800;
    private const int SIG_BLOCK = 0;
    private const int SIG_SETMASK = 2;

    // sigset_t of glibc and musl: 1,024 bits, of which the kernel uses the first 64.
    private const int WordsOfSet = 16;

    /// <summary>
    /// Creates a descriptor that reads the signals of a set (<paramref name="fd"/> −1), or changes the set of an existing one; −1 on
    /// failure.
    /// </summary>
    public static int SignalFd(int fd, ulong signals, out int errno)
    {
        ulong* set = stackalloc ulong[WordsOfSet];
        Write(set, signals);
        int result = signalfd(fd, set, SFD_CLOEXEC | SFD_NONBLOCK);
        errno = result < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return result;
    }

    /// <summary>Sets the calling thread's blocked signals; returns the previous ones.</summary>
    public static ulong SetMask(ulong blocked) => ChangeMask(SIG_SETMASK, blocked);

    /// <summary>Blocks more signals on the calling thread; returns those blocked before.</summary>
    public static ulong Block(ulong signals) => ChangeMask(SIG_BLOCK, signals);

    /// <summary>Sends a signal to this process. It stays pending if every thread has it blocked.</summary>
    public static void Raise(int signal) => _ = kill(Environment.ProcessId, signal);

    private static ulong ChangeMask(int operation, ulong signals)
    {
        ulong* set = stackalloc ulong[WordsOfSet];
        ulong* old = stackalloc ulong[WordsOfSet];
        Write(set, signals);
        Write(old, 0);

        // Fails only for an invalid operation (pthread_sigmask(3)).
        _ = pthread_sigmask(operation, set, old);
        return old[0];
    }

    private static void Write(ulong* set, ulong signals)
    {
        new Span<ulong>(set, WordsOfSet).Clear();
        set[0] = signals;
    }

    [LibraryImport("libc")]
    private static partial int __libc_current_sigrtmin();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int signalfd(int fd, ulong* mask, int flags);

    [LibraryImport("libc")]
    private static partial int pthread_sigmask(int operation, ulong* set, ulong* old);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}

/// <summary>The record that <c>signalfd(2)</c> returns: the fields that every signal has, and a queued one's value.</summary>
[StructLayout(LayoutKind.Sequential, Size = SignalNative.InfoSize)]
internal struct SignalFdInfo
{
    public uint Number;
    public int Errno;
    public int Code;
    public uint ProcessId;
    public uint UserId;
    public int Fd;
    public uint TimerId;
    public uint Band;
    public uint Overrun;
    public uint TrapNumber;
    public int Status;
    public int Value;
}
