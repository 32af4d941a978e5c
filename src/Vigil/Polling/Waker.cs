using System.Runtime.InteropServices;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Polling;

/// <summary>
/// Ends a wait from any thread. An eventfd that is registered edge-triggered and never read: every addition is a new edge, so a
/// wake-up costs one system call instead of two. The counter takes 2⁶⁴ − 2 additions, which last for five centuries.
/// </summary>
internal sealed class Waker : IDisposable
{
    public const EventSet Interest = EventSet.In | EventSet.EdgeTriggered;

    private readonly EventFd _event = new();
    private volatile bool _isDisposed;

    /// <summary>The descriptor to register.</summary>
    public FileDescriptor Fd => _event;

    /// <summary>
    /// Ends the current wait, or the next one. Returns 0, or the errno of the kernel's refusal. A saturated counter (<c>EAGAIN</c>) counts
    /// as signalled; a disposed waker has no wait to end.
    /// </summary>
    public int Signal()
    {
        ulong one = 1;
        IOResult written = NonBlocking.TryWrite(_event, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in one)));

        // It is disposed: the loop ended for good between the caller's check of its state and this call, and there is no wait to end. The
        // handle alone says nothing: it is also closed where foreign code closed the number.
        return written.IsFailure && !_isDisposed ? written.Errno : Errno.Success;
    }

    public void Dispose()
    {
        _isDisposed = true;
        _event.Dispose();
    }
}
