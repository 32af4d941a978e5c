using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Vigil.TestChild;

/// <summary>
/// A file system whose directory entries have no type (DT_UNKNOWN), as on some real ones. Served by this program (<c>fuse(4)</c>,
/// <c>linux/fuse.h</c>): a directory <c>below</c>, and a file <c>file</c> in it and beside it.
/// </summary>
internal sealed partial class KindlessFiles : IDisposable
{
    private const int EIO = 5;
    private const int ENOENT = 2;
    private const int ENOSYS = 38;
    private const int O_RDWR = 2;
    private const int O_CLOEXEC = 0x80000;
    private const int MNT_DETACH = 2;

    private const ulong Root = 1;
    private const ulong Below = 2;
    private const ulong File = 3;
    private const ulong FileBelow = 4;

    private readonly string _directory;
    private readonly int _fd;
    private readonly Thread _serving;
    private volatile bool _isBroken;

    private KindlessFiles(string directory, int fd)
    {
        (_directory, _fd) = (directory, fd);
        _serving = new Thread(Serve) { IsBackground = true };
        _serving.Start();
    }

    /// <summary>Whether the type of the file below cannot be read (EIO).</summary>
    public bool IsBroken { set => _isBroken = value; }

    /// <summary>Mounts it on a directory; null if that is not allowed.</summary>
    public static KindlessFiles? TryMount(string directory)
    {
        int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        if (fd < 0)
        {
            return null;
        }

        if (mount(
            "vigil",
            directory,
            "fuse",
            0,
            string.Create(CultureInfo.InvariantCulture, $"fd={fd},rootmode=40000,user_id=0,group_id=0")) != 0)
        {
            _ = close(fd);
            return null;
        }

        return new KindlessFiles(directory, fd);
    }

    public void Dispose()
    {
        _ = umount2(_directory, MNT_DETACH);
        _serving.Join();
        _ = close(_fd);
    }

    // Until the kernel reports that it is unmounted (ENODEV).
    private void Serve()
    {
        const int HeaderSize = 40;
        byte[] request = new byte[256 * 1024];
        while (read(_fd, request, request.Length) is var length && length >= HeaderSize)
        {
            uint operation = BinaryPrimitives.ReadUInt32LittleEndian(request.AsSpan(4));
            ulong node = BinaryPrimitives.ReadUInt64LittleEndian(request.AsSpan(16));
            Span<byte> body = request.AsSpan(HeaderSize, (int)length - HeaderSize);
            (int errno, byte[] reply) = Answer(operation, node, body);
            if (errno >= 0)
            {
                byte[] answer = [.. Numbers4(16 + reply.Length, -errno), .. request.AsSpan(8, 8), .. reply];
                _ = write(_fd, answer, answer.Length);
            }
        }
    }

    // A negative errno: no answer is expected.
    private (int Errno, byte[] Reply) Answer(uint operation, ulong node, ReadOnlySpan<byte> body)
    {
        const uint Lookup = 1;
        const uint Forget = 2;
        const uint GetAttributes = 3;
        const uint Open = 14;
        const uint Release = 18;
        const uint Initialize = 26;
        const uint OpenDirectory = 27;
        const uint ReadDirectory = 28;
        const uint ReleaseDirectory = 29;
        const uint Interrupt = 36;
        const uint ForgetMany = 42;
        switch (operation)
        {
            case Forget or Interrupt or ForgetMany:
                return (-1, []);
            case Initialize:
                // Protocol 7.31, without options, writes of a page.
                return (0, [.. Numbers4(7, 31, 0, 0, 0, 4096, 1), .. new byte[36]]);
            case Lookup:
                ulong found = (node, Encoding.UTF8.GetString(body[..^1])) switch
                {
                    (Root, "below") => Below,
                    (Root, "file") => File,
                    (Below, "file") => FileBelow,
                    _ => 0,
                };
                return found == 0 ? (ENOENT, []) : IsLost(found) ? (EIO, []) : (0, [.. Numbers8(found, 1, 0, 0, 0), .. Attributes(found)]);
            case GetAttributes:
                return IsLost(node) ? (EIO, []) : (0, [.. Numbers8(0, 0), .. Attributes(node)]);
            case Open or OpenDirectory:
                return (0, Numbers8(0, 0));
            case ReadDirectory:
                bool isFirst = BinaryPrimitives.ReadUInt64LittleEndian(body[8..]) == 0;
                return (0, !isFirst ? [] : node == Root ? [.. Entry("below", Below, 1), .. Entry("file", File, 2)] : Entry("file",
                    FileBelow, 1));
            case Release or ReleaseDirectory:
                return (0, []);
            default:
                return (ENOSYS, []);
        }
    }

    private bool IsLost(ulong node) => _isBroken && node == FileBelow;

    // struct fuse_attr.
    private static byte[] Attributes(ulong node)
    {
        int mode = node is Root or Below ? 0x41ED : 0x81A4;
        return [.. Numbers8(node, 0, 0, 0, 0, 0), .. Numbers4(0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)];
    }

    // struct fuse_dirent without a type.
    private static byte[] Entry(string name, ulong node, ulong next)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        return [.. Numbers8(node, next), .. Numbers4(bytes.Length, 0), .. bytes, .. new byte[(8 - (bytes.Length % 8)) % 8]];
    }

    private static byte[] Numbers4(params int[] numbers) => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();

    private static byte[] Numbers8(params ulong[] numbers) => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [LibraryImport("libc")]
    private static partial nint read(int fd, byte[] buffer, nint size);

    [LibraryImport("libc")]
    private static partial nint write(int fd, byte[] buffer, nint size);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
