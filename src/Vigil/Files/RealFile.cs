using Vigil.Interop;

namespace Vigil;

/// <summary>A file of the kernel that was opened only to name it (O_PATH).</summary>
internal sealed class RealFile : OpenFile
{
    /// <param name="fd">Its file descriptor.</param>
    public RealFile(int fd)
        : base(fd)
    {
    }

    /// <summary>Its file descriptor.</summary>
    public int Number => (int)handle;

    protected override bool ReleaseHandle() => FileNative.Close((int)handle) is Errno.Success or Errno.EINTR;
}
