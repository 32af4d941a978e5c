using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace Vigil.Interop;

/// <summary>
/// Directories by the bytes of names (<c>opendir(3)</c>, <c>statx(2)</c>): the framework's enumeration replaces what is not UTF-8, so such
/// names would be ambiguous and unusable. On file systems that wait for a network or another program (FUSE, NFS), a signal, such as the
/// runtime's own, can interrupt each call (EINTR); it is then retried.
/// </summary>
internal static unsafe partial class DirectoryNative
{
    private const int O_RDONLY = 0;
    private const int O_CLOEXEC = 0x80000;
    private const int O_PATH = 0x20_0000;
    private const int AT_FDCWD = -100;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_TYPE = 1;
    private const uint STATX_NLINK = 4;

    // S_IFMT and S_IFDIR of a file's mode.
    private const int TypeMask = 0xF000;
    private const int DirectoryType = 0x4000;
    private const int RegularType = 0x8000;
    private const byte DT_UNKNOWN = 0;
    private const byte DT_DIR = 4;

    // struct dirent of 64-bit glibc and musl: inode 8, offset 8, length 2, type 1, then the name.
    private const int TypeOffset = 18;
    private const int NameOffset = 19;

    // struct statx, the same on all architectures: the number of links is the word at 16, the mode the half word at 28; 256 bytes in all.
    private const int LinkCountOffset = 16;
    private const int ModeOffset = 28;
    private const int StatxSize = 256;

    private static readonly int O_DIRECTORY = ProcessorAbi.Current.DirectoryFlag;
    private static readonly int O_NOFOLLOW = ProcessorAbi.Current.NoFollowFlag;

    /// <summary>Opens a directory for reading its entries; zero on failure.</summary>
    /// <param name="path">The path, zero-terminated.</param>
    /// <param name="follows">Whether a symbolic link at its end is followed.</param>
    /// <param name="errno">The errno.</param>
    public static nint Open(ReadOnlySpan<byte> path, bool follows, out int errno)
    {
        fixed (byte* start = path)
        {
            int fd;
            do
            {
                fd = open(start, O_RDONLY | O_CLOEXEC | O_DIRECTORY | (follows ? 0 : O_NOFOLLOW), 0);
                errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            if (fd < 0)
            {
                return 0;
            }

            nint directory;
            do
            {
                directory = fdopendir(fd);
                errno = directory == 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            if (directory == 0)
            {
                _ = FileNative.Close(fd);
            }

            return directory;
        }
    }

    /// <summary>Opens a path, a link itself included, without reading or writing it (O_PATH); −1 on failure.</summary>
    /// <param name="path">The path, zero-terminated.</param>
    /// <param name="errno">The errno.</param>
    public static int OpenPath(ReadOnlySpan<byte> path, out int errno)
    {
        fixed (byte* start = path)
        {
            int fd;
            do
            {
                fd = open(start, O_PATH | O_CLOEXEC | O_NOFOLLOW, 0);
                errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            return fd;
        }
    }

    /// <summary>The kernel's path of an open file; null if it does not report one, or there is none any more.</summary>
    public static byte[]? PathOf(int fd)
    {
        byte[] path = new byte[4096];
        Span<byte> link = stackalloc byte[32];
        _ = Utf8.TryWrite(link, CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}\0", out _);
        fixed (byte* start = link, result = path)
        {
            nint length = readlink(start, result, (nuint)path.Length);
            return length > 0 && length < path.Length ? path[..(int)length] : null;
        }
    }

    /// <summary>The file descriptor of an open directory.</summary>
    public static int NumberOf(nint directory) => dirfd(directory);

    /// <summary>
    /// Reads the next entry. False at the end or on failure, which the errno distinguishes; for an entry it says why its kind is unknown.
    /// The name is in the directory's memory, valid until the next call.
    /// </summary>
    public static bool TryRead(nint directory, out ReadOnlySpan<byte> name, out bool isDirectory, out int errno)
    {
        // Only the errno distinguishes the end, which leaves it alone, from a failure.
        byte* entry;
        do
        {
            Marshal.SetLastSystemError(Errno.Success);
            entry = readdir(directory);
            errno = entry is null ? Marshal.GetLastSystemError() : Errno.Success;
        }
        while (errno == Errno.EINTR);
        if (entry is null)
        {
            name = default;
            isDirectory = false;
            return false;
        }

        name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset);
        byte type = entry[TypeOffset];
        isDirectory = type == DT_UNKNOWN ? TypeOf(dirfd(directory), entry + NameOffset, AT_SYMLINK_NOFOLLOW, out errno) : type == DT_DIR;
        return true;
    }

    /// <summary>Closes the directory.</summary>
    public static bool Close(nint directory) => closedir(directory) == 0;

    /// <summary>Whether a path names a directory; the errno says if it names nothing accessible.</summary>
    /// <param name="path">The path, zero-terminated.</param>
    /// <param name="follows">Whether a symbolic link at its end is followed.</param>
    /// <param name="errno">The errno.</param>
    public static bool IsDirectory(ReadOnlySpan<byte> path, bool follows, out int errno)
    {
        fixed (byte* start = path)
        {
            return TypeOf(AT_FDCWD, start, follows ? 0 : AT_SYMLINK_NOFOLLOW, out errno);
        }
    }

    /// <summary>Whether a name in an open directory names a directory. A symbolic link is not followed.</summary>
    /// <param name="directory">The directory's file descriptor.</param>
    /// <param name="name">The name, zero-terminated.</param>
    /// <param name="errno">The errno.</param>
    public static bool IsDirectoryAt(int directory, ReadOnlySpan<byte> name, out int errno)
    {
        fixed (byte* start = name)
        {
            return TypeOf(directory, start, AT_SYMLINK_NOFOLLOW, out errno);
        }
    }

    /// <summary>Whether an open file is a regular one, and its number of links.</summary>
    public static bool IsRegularFile(int fd, out uint linkCount)
    {
        byte* result = stackalloc byte[StatxSize];
        byte nothing = 0;
        bool isKnown = Look(fd, &nothing, AT_EMPTY_PATH, STATX_TYPE | STATX_NLINK, result) == Errno.Success;
        linkCount = isKnown ? *(uint*)(result + LinkCountOffset) : 0;
        return isKnown && (*(ushort*)(result + ModeOffset) & TypeMask) == RegularType;
    }

    private static bool TypeOf(int directory, byte* path, int flags, out int errno)
    {
        byte* result = stackalloc byte[StatxSize];
        errno = Look(directory, path, flags, STATX_TYPE, result);
        return errno == Errno.Success && (*(ushort*)(result + ModeOffset) & TypeMask) == DirectoryType;
    }

    private static int Look(int directory, byte* path, int flags, uint mask, byte* result)
    {
        int errno;
        do
        {
            errno = statx(directory, path, flags, mask, result) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        }
        while (errno == Errno.EINTR);
        return errno;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte* path, int flags, int mode);

    [LibraryImport("libc")]
    private static partial nint readlink(byte* path, byte* result, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint fdopendir(int fd);

    [LibraryImport("libc")]
    private static partial byte* readdir(nint directory);

    [LibraryImport("libc")]
    private static partial int closedir(nint directory);

    [LibraryImport("libc")]
    private static partial int dirfd(nint directory);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int directory, byte* path, int flags, uint mask, byte* result);
}
