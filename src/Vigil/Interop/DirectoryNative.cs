using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary>
/// Directories by their names' bytes (<c>opendir(3)</c>, <c>statx(2)</c>): the framework's enumeration replaces what is not UTF-8, and such names
/// could not be told apart nor found again.
/// </summary>
internal static unsafe partial class DirectoryNative
{
    private const int O_RDONLY = 0;
    private const int O_CLOEXEC = 0x80000;
    private const int AT_FDCWD = -100;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const uint STATX_TYPE = 1;

    // S_IFMT and S_IFDIR of a file's mode.
    private const int TypeMask = 0xF000;
    private const int DirectoryType = 0x4000;
    private const byte DT_UNKNOWN = 0;
    private const byte DT_DIR = 4;

    // struct dirent of 64-bit glibc and musl: inode 8, offset 8, length 2, type 1, then the name.
    private const int TypeOffset = 18;
    private const int NameOffset = 19;

    // struct statx, the same everywhere: the mode is the half word at 28, the whole has 256 bytes.
    private const int ModeOffset = 28;
    private const int StatxSize = 256;

    private static readonly int O_DIRECTORY = ProcessorAbi.Current.DirectoryFlag;
    private static readonly int O_NOFOLLOW = ProcessorAbi.Current.NoFollowFlag;

    /// <summary>Opens a directory for reading its entries; zero on failure.</summary>
    /// <param name="path">The path, with its closing zero.</param>
    /// <param name="follows">Whether a symbolic link at its end is followed.</param>
    /// <param name="errno">What went wrong.</param>
    public static nint Open(ReadOnlySpan<byte> path, bool follows, out int errno)
    {
        fixed (byte* start = path)
        {
            int fd = open(start, O_RDONLY | O_CLOEXEC | O_DIRECTORY | (follows ? 0 : O_NOFOLLOW), 0);
            if (fd < 0)
            {
                errno = Marshal.GetLastPInvokeError();
                return 0;
            }

            nint directory = fdopendir(fd);
            errno = Errno.Success;
            if (directory == 0)
            {
                errno = Marshal.GetLastPInvokeError();
                _ = FileNative.Close(fd);
            }

            return directory;
        }
    }

    /// <summary>
    /// The next entry, or false at the end or on failure. The name is the directory's memory, until the next call.
    /// </summary>
    public static bool TryRead(nint directory, out ReadOnlySpan<byte> name, out bool isDirectory, out int errno)
    {
        // The end and a failure look the same but for the errno, which the end leaves alone.
        Marshal.SetLastSystemError(Errno.Success);
        byte* entry = readdir(directory);
        if (entry is null)
        {
            errno = Marshal.GetLastSystemError();
            name = default;
            isDirectory = false;
            return false;
        }

        errno = Errno.Success;
        name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset);
        byte type = entry[TypeOffset];
        isDirectory = type == DT_DIR || (type == DT_UNKNOWN && TypeOf(dirfd(directory), entry + NameOffset, AT_SYMLINK_NOFOLLOW, out _));
        return true;
    }

    /// <summary>Ends the reading.</summary>
    public static bool Close(nint directory) => closedir(directory) == 0;

    /// <summary>Whether a path names a directory; the errno says where it names nothing that can be asked.</summary>
    /// <param name="path">The path, with its closing zero.</param>
    /// <param name="follows">Whether a symbolic link at its end is followed.</param>
    /// <param name="errno">What went wrong.</param>
    public static bool IsDirectory(ReadOnlySpan<byte> path, bool follows, out int errno)
    {
        fixed (byte* start = path)
        {
            return TypeOf(AT_FDCWD, start, follows ? 0 : AT_SYMLINK_NOFOLLOW, out errno);
        }
    }

    private static bool TypeOf(int directory, byte* path, int flags, out int errno)
    {
        byte* result = stackalloc byte[StatxSize];
        if (statx(directory, path, flags, STATX_TYPE, result) < 0)
        {
            errno = Marshal.GetLastPInvokeError();
            return false;
        }

        errno = Errno.Success;
        return (*(ushort*)(result + ModeOffset) & TypeMask) == DirectoryType;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte* path, int flags, int mode);

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
