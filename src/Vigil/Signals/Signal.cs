using System.Globalization;
using System.Runtime.InteropServices;
using Vigil.Interop;

namespace Vigil;

/// <summary>A signal by its number on Linux (<c>signal(7)</c>), the same on x64 and arm64. <c>default</c> is no signal.</summary>
public readonly record struct Signal
{
    private const int LastStandard = 31;
    private const int Last = 64;

    private static readonly string[] Names =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
        "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
        "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>A signal by its number.</summary>
    /// <param name="number">The number, 1 to 64.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such signal.</exception>
    public Signal(int number)
    {
        if (number is < 1 or > Last)
        {
            throw new ArgumentOutOfRangeException(nameof(number), number, "Signals have the numbers 1 to 64.");
        }

        Number = number;
    }

    /// <summary>The terminal was closed; daemons read their configuration again.</summary>
    public static Signal SIGHUP => new(1);

    /// <summary>Interrupt from the keyboard (Ctrl+C).</summary>
    public static Signal SIGINT => new(2);

    /// <summary>Quit from the keyboard (Ctrl+\).</summary>
    public static Signal SIGQUIT => new(3);

    /// <summary>A thread executed an invalid instruction. Cannot be handled.</summary>
    public static Signal SIGILL => new(4);

    /// <summary>A breakpoint. Cannot be handled.</summary>
    public static Signal SIGTRAP => new(5);

    /// <summary>The program aborted after an internal error (<c>abort(3)</c>). Cannot be handled.</summary>
    public static Signal SIGABRT => new(6);

    /// <summary>A thread accessed memory that does not exist. Cannot be handled.</summary>
    public static Signal SIGBUS => new(7);

    /// <summary>A thread divided by zero, or the like. Cannot be handled.</summary>
    public static Signal SIGFPE => new(8);

    /// <summary>Ends a process. No program can handle it.</summary>
    public static Signal SIGKILL => new(9);

    /// <summary>For the program's own use, 1.</summary>
    public static Signal SIGUSR1 => new(10);

    /// <summary>A thread accessed memory without permission. Cannot be handled.</summary>
    public static Signal SIGSEGV => new(11);

    /// <summary>For the program's own use, 2.</summary>
    public static Signal SIGUSR2 => new(12);

    /// <summary>A write to a pipe or socket without a reader. Cannot be handled.</summary>
    public static Signal SIGPIPE => new(13);

    /// <summary>The timer of <c>alarm(2)</c>.</summary>
    public static Signal SIGALRM => new(14);

    /// <summary>A request to end.</summary>
    public static Signal SIGTERM => new(15);

    /// <summary>A child ended, stopped or continued.</summary>
    public static Signal SIGCHLD => new(17);

    /// <summary>Continue after a stop.</summary>
    public static Signal SIGCONT => new(18);

    /// <summary>Stops a process until it gets <see cref="SIGCONT"/>. No program can handle it.</summary>
    public static Signal SIGSTOP => new(19);

    /// <summary>Stop from the keyboard (Ctrl+Z).</summary>
    public static Signal SIGTSTP => new(20);

    /// <summary>A background process reads from its terminal.</summary>
    public static Signal SIGTTIN => new(21);

    /// <summary>A background process writes to its terminal.</summary>
    public static Signal SIGTTOU => new(22);

    /// <summary>Urgent data arrived at a socket.</summary>
    public static Signal SIGURG => new(23);

    /// <summary>The limit of processor time was reached (<c>RLIMIT_CPU</c>).</summary>
    public static Signal SIGXCPU => new(24);

    /// <summary>The limit of file size was reached (<c>RLIMIT_FSIZE</c>).</summary>
    public static Signal SIGXFSZ => new(25);

    /// <summary>The timer of <c>setitimer(2)</c> that counts the program's processor time in user mode.</summary>
    public static Signal SIGVTALRM => new(26);

    /// <summary>The timer of <c>setitimer(2)</c> that counts all of the program's processor time.</summary>
    public static Signal SIGPROF => new(27);

    /// <summary>The terminal's size changed.</summary>
    public static Signal SIGWINCH => new(28);

    /// <summary>I/O is possible (<c>fcntl(2)</c>, F_SETSIG).</summary>
    public static Signal SIGIO => new(29);

    /// <summary>The power fails.</summary>
    public static Signal SIGPWR => new(30);

    /// <summary>A thread made a system call that a filter forbids (<c>seccomp(2)</c>). Cannot be handled.</summary>
    public static Signal SIGSYS => new(31);

    /// <summary>Its number; 0 for <c>default</c>.</summary>
    public int Number { get; }

    /// <summary>
    /// Whether it is a real-time signal: every one sent is queued, with its value, and delivered in order, lower numbers first.
    /// </summary>
    public bool IsRealTime => Number > LastStandard;

    /// <summary>Its name, such as <c>SIGUSR1</c> or <c>SIGRTMIN+3</c>.</summary>
    public string Name => NameOf(Number, SignalNative.FirstRealTime);

    /// <summary>Converts the runtime's name for a signal, or a raw number in that type.</summary>
    /// <param name="signal">The signal.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such signal.</exception>
    public static implicit operator Signal(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => SIGHUP,
        PosixSignal.SIGINT => SIGINT,
        PosixSignal.SIGQUIT => SIGQUIT,
        PosixSignal.SIGTERM => SIGTERM,
        PosixSignal.SIGCHLD => SIGCHLD,
        PosixSignal.SIGCONT => SIGCONT,
        PosixSignal.SIGWINCH => SIGWINCH,
        PosixSignal.SIGTTIN => SIGTTIN,
        PosixSignal.SIGTTOU => SIGTTOU,
        PosixSignal.SIGTSTP => SIGTSTP,
        _ => new Signal((int)signal),
    };

    /// <summary>A real-time signal.</summary>
    /// <param name="offset">Its distance from SIGRTMIN, 1 to 30 with glibc, where SIGRTMIN is 34, and 1 to 29 with musl, where it is 35.
    /// SIGRTMIN itself is the runtime's.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such signal.</exception>
    public static Signal RealTime(int offset) => new(RealTimeNumber(offset, SignalNative.FirstRealTime));

    /// <summary>Its name.</summary>
    public override string ToString() => Name;

    /// <summary>
    /// A signal's name, given the first real-time signal that the C library leaves to programs.
    /// </summary>
    internal static string NameOf(int number, int firstRealTime) => number switch
    {
        0 => "no signal",
        <= LastStandard => Names[number],
        _ when number < firstRealTime => number.ToString(CultureInfo.InvariantCulture),
        _ when number == firstRealTime => "SIGRTMIN",
        _ => string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{number - firstRealTime}"),
    };

    /// <summary>The number of SIGRTMIN+<paramref name="offset"/>, given that signal.</summary>
    internal static int RealTimeNumber(int offset, int firstRealTime) => offset is >= 1 && offset <= Last - firstRealTime
        ? firstRealTime + offset
        : throw new ArgumentOutOfRangeException(
            nameof(offset),
            offset,
            string.Create(
                CultureInfo.InvariantCulture, $"Real-time signals for programs are SIGRTMIN+1 to SIGRTMIN+{Last - firstRealTime}."));
}
