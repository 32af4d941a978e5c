using System.Globalization;
using System.Runtime.InteropServices;

namespace Vigil;

/// <summary>A signal by its number on Linux (<c>signal(7)</c>), the same on x64 and arm64. <c>default</c> is no signal.</summary>
public readonly record struct Signal
{
    private const int LastStandard = 31;

    // SIGRTMIN of glibc. 32 and 33 are the C library's own.
    private const int FirstRealTime = 34;
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

    /// <summary>The program's own, 1.</summary>
    public static Signal SIGUSR1 => new(10);

    /// <summary>The program's own, 2.</summary>
    public static Signal SIGUSR2 => new(12);

    /// <summary>The timer of <c>alarm(2)</c>.</summary>
    public static Signal SIGALRM => new(14);

    /// <summary>A request to end.</summary>
    public static Signal SIGTERM => new(15);

    /// <summary>A child ended, stopped or went on.</summary>
    public static Signal SIGCHLD => new(17);

    /// <summary>Go on after a stop.</summary>
    public static Signal SIGCONT => new(18);

    /// <summary>Stop from the keyboard (Ctrl+Z).</summary>
    public static Signal SIGTSTP => new(20);

    /// <summary>A background process reads from its terminal.</summary>
    public static Signal SIGTTIN => new(21);

    /// <summary>A background process writes to its terminal.</summary>
    public static Signal SIGTTOU => new(22);

    /// <summary>The terminal's size changed.</summary>
    public static Signal SIGWINCH => new(28);

    /// <summary>I/O is possible (<c>fcntl(2)</c>, F_SETSIG).</summary>
    public static Signal SIGIO => new(29);

    /// <summary>The power fails.</summary>
    public static Signal SIGPWR => new(30);

    /// <summary>Its number; 0 for <c>default</c>.</summary>
    public int Number { get; }

    /// <summary>Whether it is a real-time signal: each one sent is queued, with its value, and delivered in order, lower numbers first.</summary>
    public bool IsRealTime => Number > LastStandard;

    /// <summary>Its name, such as <c>SIGUSR1</c> or <c>SIGRTMIN+3</c>.</summary>
    public string Name => Number switch
    {
        0 => "no signal",
        <= LastStandard => Names[Number],
        < FirstRealTime => Number.ToString(CultureInfo.InvariantCulture),
        FirstRealTime => "SIGRTMIN",
        _ => string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{Number - FirstRealTime}"),
    };

    /// <summary>The runtime's name for a signal, or its number in that type.</summary>
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
    /// <param name="offset">Its distance from SIGRTMIN (34), 1 to 30; SIGRTMIN itself is the runtime's.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such signal.</exception>
    public static Signal RealTime(int offset)
    {
        if (offset is < 1 or > Last - FirstRealTime)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, "Real-time signals for programs are SIGRTMIN+1 to SIGRTMIN+30.");
        }

        return new Signal(FirstRealTime + offset);
    }

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}
