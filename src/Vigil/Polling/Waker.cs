using System.Runtime.InteropServices;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Polling;

/// <summary>
/// Ends a wait from any thread. An eventfd that is registered edge-triggered and never read: every addition is a new edge, so a
/// wake-up costs one system call instead of two. The counter takes 2⁶⁴ − 2 additions, which is five centuries of wake-ups.
/// </summary>
internal sealed class Waker : IDisposable
{
    public const EventSet Interest = EventSet.In | EventSet.EdgeTriggered;

    private readonly EventFd _event = new();

    /// <summary>What to register.</summary>
    public FileDescriptor Fd => _event;

    /// <summary>
    /// Ends the current wait, or the next one. Returns 0, or the errno with which the kernel refused. A saturated counter (<c>EAGAIN</c>) counts as
    /// signalled; a waker that was disposed has nobody to wake.
    /// </summary>
    public int Signal()
    {
        ulong one = 1;
        IOResult written = NonBlocking.TryWrite(_event, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in one)));

        // Closed by its handle, not by its number: the loop ended for good between the caller's look at its state and this call, and there
        // is no wait to end.
        return written.IsFailure && !_event.IsClosed ? written.Errno : Errno.Success;
    }

    public void Dispose() => _event.Dispose();
}
