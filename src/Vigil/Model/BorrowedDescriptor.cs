using System.Runtime.InteropServices;

namespace Vigil;

/// <summary>
/// The number behind a <see cref="FileDescriptor"/>. Its handle cannot be closed while this is in scope, which is one
/// system call long. Never longer: a held reference makes <c>Socket.Dispose</c> wait forever and keeps files open unseen.
/// </summary>
internal readonly ref struct BorrowedDescriptor
{
    private readonly SafeHandle? _handle;

    public BorrowedDescriptor(FileDescriptor fd)
    {
        Number = fd.Number;
        if (fd.Handle is not { } handle)
        {
            return;
        }

        bool borrowed = false;
        try
        {
            handle.DangerousAddRef(ref borrowed);
            Number = (int)handle.DangerousGetHandle();
            _handle = handle;
        }
        catch (ObjectDisposedException)
        {
            Number = -1;
        }
    }

    /// <summary>The number, or −1 if there is none: nothing is named, or the handle is closed.</summary>
    public int Number { get; }

    public void Dispose() => _handle?.DangerousRelease();
}
