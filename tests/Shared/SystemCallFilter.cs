using System.Runtime.InteropServices;

namespace Vigil.Tests.Shared;

/// <summary>
/// Makes system calls fail (<c>seccomp(2)</c>). A thread cannot undo it; if another thread continues with the same manager, the calls work
/// again. The library does not know about it, so measurements are not affected.
/// </summary>
internal static unsafe partial class SystemCallFilter
{
    private const int PR_SET_NO_NEW_PRIVS = 38;
    private const uint SECCOMP_SET_MODE_FILTER = 1;
    private const uint SECCOMP_FILTER_FLAG_TSYNC = 1;
    private const uint SECCOMP_FILTER_FLAG_NEW_LISTENER = 1 << 3;
    private const ushort LoadWord = 0x20;
    private const ushort JumpIfEqual = 0x15;
    private const ushort Return = 0x06;
    private const uint Allow = 0x7FFF0000;
    private const uint FailWith = 0x00050000;
    private const uint AskListener = 0x7FC00000;

    public static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public static uint Read => IsX64 ? 0u : 63u;

    public static uint PositionedRead => IsX64 ? 17u : 67u;

    public static uint Ioctl => IsX64 ? 16u : 29u;

    public static uint WaitId => IsX64 ? 247u : 95u;

    public static uint SetSockOpt => IsX64 ? 54u : 208u;

    public static uint SetTimer => IsX64 ? 286u : 86u;

    public static uint WatchFile => IsX64 ? 254u : 27u;

    public static uint SignalFd4 => IsX64 ? 289u : 74u;

    /// <summary>Makes a call fail from now on, on this thread. Returns false if the system does not allow filters.</summary>
    public static bool TryRefuse(uint call, int errno) => TryInstall(
    [
        new Step { Code = LoadWord, Value = 0 },
        new Step { Code = JumpIfEqual, IfFalse = 1, Value = call },
        new Step { Code = Return, Value = FailWith | (uint)errno },
        new Step { Code = Return, Value = Allow },
    ],
    flags: 0) == 0;

    /// <summary>
    /// Makes a call of this thread wait until a listener has decided its result (<c>seccomp_unotify(2)</c>). Returns the listener's
    /// descriptor, which hangs up when the thread has ended; −1 if the system does not allow it.
    /// </summary>
    public static int TryListen(uint call) => (int)TryInstall(
    [
        new Step { Code = LoadWord, Value = 0 },
        new Step { Code = JumpIfEqual, IfFalse = 1, Value = call },
        new Step { Code = Return, Value = AskListener },
        new Step { Code = Return, Value = Allow },
    ],
    SECCOMP_FILTER_FLAG_NEW_LISTENER);

    /// <summary>As <see cref="Refuse"/>. Returns false if the system does not allow filters.</summary>
    public static bool TryRefuse(uint call, int argument, uint value, int errno, bool everywhere)
    {
        const uint ArgumentsOffset = 16;
        return TryInstall(
        [
            new Step { Code = LoadWord, Value = 0 },
            new Step { Code = JumpIfEqual, IfFalse = 3, Value = call },
            new Step { Code = LoadWord, Value = ArgumentsOffset + (8 * (uint)argument) },
            new Step { Code = JumpIfEqual, IfFalse = 1, Value = value },
            new Step { Code = Return, Value = FailWith | (uint)errno },
            new Step { Code = Return, Value = Allow },
        ],
        everywhere ? SECCOMP_FILTER_FLAG_TSYNC : 0) == 0;
    }

    /// <summary>Makes a call fail from now on.</summary>
    /// <param name="call">Its number.</param>
    /// <param name="argument">The index of the argument that decides.</param>
    /// <param name="value">The value that the argument must have in its lower 32 bits.</param>
    /// <param name="errno">The error.</param>
    /// <param name="everywhere">On all threads of the process; otherwise on this one.</param>
    public static void Refuse(uint call, int argument, uint value, int errno, bool everywhere)
    {
        if (!TryRefuse(call, argument, value, errno, everywhere))
        {
            throw new InvalidOperationException("The system does not allow filters of system calls.");
        }
    }

    // Negative if the kernel refuses.
    private static nint TryInstall(Step[] steps, uint flags)
    {
        nint seccomp = IsX64 ? 317 : 277;
        fixed (Step* start = steps)
        {
            var filter = new Filter { Length = (ushort)steps.Length, Steps = start };
            return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? syscall(seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) : -1;
        }
    }

    [LibraryImport("libc")]
    private static partial int prctl(int option, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nuint operation, nuint flags, Filter* filter);

    [StructLayout(LayoutKind.Sequential)]
    private struct Step
    {
        public ushort Code;
        public byte IfTrue;
        public byte IfFalse;
        public uint Value;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Filter
    {
        public ushort Length;
        public Step* Steps;
    }
}
