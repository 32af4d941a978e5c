using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary>
/// The parts of the kernel's interface that differ between processors. Everything else that Vigil uses has the same numbers and layouts on
/// all of them: they are 64-bit and little-endian. A test compares both with C.
/// </summary>
internal sealed record ProcessorAbi
{
    /// <summary>x64 has its own tables.</summary>
    public static readonly ProcessorAbi X64 = new()
    {
        SysRead = 0,
        SysWrite = 1,
        SysEpollWait = 232,
        SysFutex = 202,
        SysSendTo = 44,
        SysReceiveFrom = 45,
        DirectoryFlag = 0x10000,
        NoFollowFlag = 0x20000,
        EpollEventSize = 12,
        EpollDataOffset = 4,
    };

    /// <summary>Later processors share one table (<c>asm-generic</c>): RISC-V, LoongArch.</summary>
    public static readonly ProcessorAbi Generic = new()
    {
        SysRead = 63,
        SysWrite = 64,
        SysEpollWait = 22,
        SysFutex = 98,
        SysSendTo = 206,
        SysReceiveFrom = 207,
        DirectoryFlag = 0x10000,
        NoFollowFlag = 0x20000,
        EpollEventSize = 16,
        EpollDataOffset = 8,
    };

    /// <summary>The generic table, with the flags of <c>open(2)</c> from 32-bit ARM.</summary>
    public static readonly ProcessorAbi Arm64 = Generic with { DirectoryFlag = 0x4000, NoFollowFlag = 0x8000 };

    // On an unknown processor, a manager refuses to be created.
    public static readonly ProcessorAbi Current = Of(RuntimeInformation.ProcessArchitecture) ?? Generic;

    public required nint SysRead { get; init; }

    public required nint SysWrite { get; init; }

    /// <summary>
    /// epoll_wait, or epoll_pwait if the kernel has no epoll_wait: without a mask it is the same, and the first four arguments are.
    /// </summary>
    public required nint SysEpollWait { get; init; }

    public required nint SysFutex { get; init; }

    public required nint SysSendTo { get; init; }

    public required nint SysReceiveFrom { get; init; }

    /// <summary>O_DIRECTORY.</summary>
    public required int DirectoryFlag { get; init; }

    /// <summary>O_NOFOLLOW.</summary>
    public required int NoFollowFlag { get; init; }

    /// <summary>The size of <c>struct epoll_event</c>, in bytes.</summary>
    public required int EpollEventSize { get; init; }

    /// <summary>The offset of its <c>data</c>.</summary>
    public required int EpollDataOffset { get; init; }

    /// <summary>The interface of a processor; null if unknown.</summary>
    public static ProcessorAbi? Of(Architecture architecture) => architecture switch
    {
        Architecture.X64 => X64,
        Architecture.Arm64 => Arm64,
        Architecture.RiscV64 or Architecture.LoongArch64 => Generic,
        _ => null,
    };

    /// <summary>
    /// Refuses processors whose numbers and layouts are unknown: calls would do something else than intended.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">The processor is unknown.</exception>
    public static void RequireKnown(Architecture architecture)
    {
        if (Of(architecture) is null)
        {
            throw new PlatformNotSupportedException(
                "Vigil knows Linux on x64, arm64, RISC-V 64 and LoongArch 64. "
                    + $"On {architecture} system calls have other numbers, and structures other layouts.");
        }
    }
}
