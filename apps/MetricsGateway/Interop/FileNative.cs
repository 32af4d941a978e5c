using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MetricsGateway.Interop;

/// <summary>File calls that the framework does not offer. They are the same on all architectures, and in glibc and musl.</summary>
internal static unsafe partial class FileNative
{
    public const ushort UnixFamily = 1;

    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const int AtEmptyPath = 0x1000;
    private const uint StatxTypeAndIdentity = 0x1 | 0x100;

    private const short PollOut = 0x4;

    private const int GetDescriptorFlags = 1;
    private const int DescriptorCloseOnExec = 1;
    private const int DuplicateCloseOnExec = 1030;

    private const int ReadOnly = 0;
    private const int NoControllingTerminal = 0x100;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

    /// <summary>The file at a path; for a link, the link itself. Null if there is none, or it is not accessible.</summary>
    public static FileIdentity? Identify(string path)
    {
        StatxBuffer buffer = default;
        return Statx(AtFdCwd, path, AtSymlinkNoFollow, StatxTypeAndIdentity, &buffer) == 0 ? buffer.Identity : null;
    }

    /// <summary>The identity of an open file; null if the kernel does not give it.</summary>
    public static FileIdentity? Identify(SafeFileHandle file)
    {
        StatxBuffer buffer = default;
        return Statx(file, string.Empty, AtEmptyPath, StatxTypeAndIdentity, &buffer) == 0 ? buffer.Identity : null;
    }

    /// <summary>Opens a file for reading without blocking, whatever it is: a pipe need not have a writer, and a terminal does not become
    /// the controlling one.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static SafeFileHandle OpenForReading(string path)
    {
        SafeFileHandle file = Open(path, ReadOnly | NonBlocking | NoControllingTerminal | CloseOnExec);
        if (file.IsInvalid)
        {
            string reason = Marshal.GetLastPInvokeErrorMessage();
            file.Dispose();
            throw new IOException($"{path}: {reason}");
        }

        return file;
    }

    /// <summary>Blocks this thread until a file is writable, or has no reader any more (poll(2)).</summary>
    /// <param name="fd">Its number.</param>
    /// <param name="limit">The longest time. A signal may end it earlier.</param>
    public static void WaitUntilWritable(int fd, TimeSpan limit)
    {
        PollEntry entry = new() { Fd = fd, Events = PollOut };
        _ = Poll(&entry, 1, (int)limit.TotalMilliseconds);
    }

    /// <summary>Whether a descriptor was open already when the program was started: then it is not close-on-exec (execve(2)).</summary>
    public static bool IsInherited(int fd) => Control(fd, GetDescriptorFlags) is var flags and >= 0 && (flags & DescriptorCloseOnExec) == 0;

    /// <summary>Another descriptor of the same open socket, close-on-exec.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static Socket Duplicate(Socket socket)
    {
        int fd = Control(socket.SafeHandle, DuplicateCloseOnExec, 0);
        return fd >= 0
            ? new Socket(new SafeSocketHandle(fd, ownsHandle: true))
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    /// <summary>bind(2).</summary>
    /// <returns>0, or the errno.</returns>
    public static int Bind(SafeHandle socket, ReadOnlySpan<byte> address)
    {
        fixed (byte* pointer = address)
        {
            return Bind(socket, pointer, (uint)address.Length) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>connect(2).</summary>
    /// <returns>0, or the errno.</returns>
    public static int Connect(SafeHandle socket, ReadOnlySpan<byte> address)
    {
        fixed (byte* pointer = address)
        {
            return Connect(socket, pointer, (uint)address.Length) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle directory, string path, int flags, uint mask, StatxBuffer* buffer);

    // open(2) is variadic; without the last argument it is called like any other function on all architectures that .NET runs on.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    // As open(2).
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int fd, int command);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeHandle fd, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(SafeHandle socket, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(SafeHandle socket, byte* address, uint length);

    // struct pollfd (poll.h).
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Fd;
        public short Events;
        private readonly short _occurred;
    }

    // The fields of struct statx (linux/stat.h) that are read.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxBuffer
    {
        [FieldOffset(28)]
        private readonly ushort _mode;

        [FieldOffset(32)]
        private readonly ulong _inode;

        [FieldOffset(136)]
        private readonly uint _deviceMajor;

        [FieldOffset(140)]
        private readonly uint _deviceMinor;

        public readonly FileIdentity Identity => new(_mode, _inode, ((ulong)_deviceMajor << 32) | _deviceMinor);
    }
}

/// <summary>The identity and type of a file.</summary>
internal readonly record struct FileIdentity(ushort Mode, ulong Inode, ulong Device)
{
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;
    private const int Socket = 0xC000;

    public bool IsRegular => (Mode & TypeMask) == Regular;

    public bool IsSocket => (Mode & TypeMask) == Socket;

    /// <summary>Whether both are the same file, even if its permissions have changed.</summary>
    public bool IsSame(FileIdentity other) => Inode == other.Inode && Device == other.Device;
}
