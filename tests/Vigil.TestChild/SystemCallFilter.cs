using System.Runtime.InteropServices;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>Lets system calls fail (<c>seccomp(2)</c>). There is no way back: for scenarios in a process of their own.</summary>
internal static unsafe partial class SystemCallFilter
{
    private const int PR_SET_NO_NEW_PRIVS = 38;
    private const uint SECCOMP_SET_MODE_FILTER = 1;
    private const uint SECCOMP_FILTER_FLAG_TSYNC = 1;

    public static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public static uint Ioctl => IsX64 ? 16u : 29u;

    public static uint WaitId => IsX64 ? 247u : 95u;

    public static uint SignalFd4 => IsX64 ? 289u : 74u;

    /// <summary>Lets a call fail from here on.</summary>
    /// <param name="call">Its number.</param>
    /// <param name="argument">Which of its arguments decides.</param>
    /// <param name="value">Of what value that argument must be, in its lower 32 bits.</param>
    /// <param name="errno">How it fails.</param>
    /// <param name="everywhere">On all threads of the process; otherwise on this one.</param>
    public static void Refuse(uint call, int argument, uint value, int errno, bool everywhere)
    {
        const ushort LoadWord = 0x20;
        const ushort JumpIfEqual = 0x15;
        const ushort Return = 0x06;
        const uint Allow = 0x7FFF0000;
        const uint FailWith = 0x00050000;
        const uint ArgumentsOffset = 16;
        Step* steps = stackalloc Step[]
        {
            new() { Code = LoadWord, Value = 0 },
            new() { Code = JumpIfEqual, IfFalse = 3, Value = call },
            new() { Code = LoadWord, Value = ArgumentsOffset + (8 * (uint)argument) },
            new() { Code = JumpIfEqual, IfFalse = 1, Value = value },
            new() { Code = Return, Value = FailWith | (uint)errno },
            new() { Code = Return, Value = Allow },
        };
        var filter = new Filter { Length = 6, Steps = steps };
        Check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl failed");
        nint seccomp = IsX64 ? 317 : 277;
        Check(syscall(seccomp, SECCOMP_SET_MODE_FILTER, everywhere ? SECCOMP_FILTER_FLAG_TSYNC : 0, &filter) == 0, "seccomp failed: the system does not allow filters");
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
