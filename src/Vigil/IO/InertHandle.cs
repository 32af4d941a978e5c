using System.Net;
using Vigil.Interop;

namespace Vigil.IO;

/// <summary>
/// A descriptor of which only the number is left: what a replay registers where the recorded run had one of the kernel's. Nothing can be
/// read from it or written to it.
/// </summary>
internal sealed class InertHandle(int recorded) : VirtualHandle(ReplayedNumber.Of(recorded))
{
    protected internal override IOResult TryRead(Span<byte> buffer) => new(0, Errno.EAGAIN);

    protected internal override IOResult TryWrite(ReadOnlySpan<byte> buffer) => new(0, Errno.EAGAIN);

    protected internal override IOResult TryAccept(out FdHandle? connection, out EndPoint? peer)
    {
        (connection, peer) = (null, null);
        return new IOResult(0, Errno.EAGAIN);
    }

    protected internal override IOResult TryShutdownWrite() => new(0, Errno.EAGAIN);

    protected override bool ReleaseHandle() => true;
}
