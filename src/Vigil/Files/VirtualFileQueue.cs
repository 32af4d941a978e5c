using System.Net;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// A queue of changes of a simulated system (<see cref="IVirtualDirectories"/>), as an instance of <c>inotify(7)</c> is: its poller reports
/// it as readable while changes are queued, and <see cref="VirtualHandle.TryRead"/> takes as many whole records as fit, in the format of
/// <c>struct inotify_event</c>. <c>EAGAIN</c> means that there are none.
/// </summary>
/// <remarks>
/// Watches, masks, records and their order, merging and loss are those of <c>inotify(7)</c>. <c>IN_MASK_ADD</c>, <c>IN_ONLYDIR</c> and
/// <c>IN_EXCL_UNLINK</c> occur in masks.
/// </remarks>
public abstract class VirtualFileQueue : VirtualHandle
{
    /// <summary>Creates an open queue.</summary>
    /// <param name="number">Its number, for the poller and for messages: one that the kernel never gives out.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="number"/> is negative.</exception>
    protected VirtualFileQueue(int number)
        : base(number)
    {
    }

    /// <summary>The number of bytes that are queued.</summary>
    protected internal abstract int BytesToRead { get; }

    /// <summary>Watches a file (<c>inotify_add_watch(2)</c>). The same file gives the same watch.</summary>
    /// <param name="file">The file.</param>
    /// <param name="mask">The events to report, and flags.</param>
    /// <param name="errno">An errno; 0 for success.</param>
    /// <returns>The watch's number; −1 if there is an errno.</returns>
    protected internal abstract int AddWatch(IVirtualFile file, uint mask, out int errno);

    /// <summary>Ends a watch (<c>inotify_rm_watch(2)</c>).</summary>
    /// <param name="watch">Its number.</param>
    /// <returns>An errno; 0 for success, <c>EINVAL</c> if it has ended already.</returns>
    protected internal abstract int RemoveWatch(int watch);

    /// <summary>
    /// Queues a record of 16 bytes that belongs to no other watch, such as the end of a watch for this purpose: nothing after it is merged
    /// with records before it.
    /// </summary>
    /// <returns>An errno, and nothing is queued; 0 for success.</returns>
    protected internal abstract int Mark();

    /// <inheritdoc/>
    protected internal sealed override IOResult TryWrite(ReadOnlySpan<byte> buffer) => new(0, Errno.EBADF);

    /// <inheritdoc/>
    protected internal sealed override IOResult TryAccept(out FdHandle? connection, out EndPoint? peer)
    {
        (connection, peer) = (null, null);
        return new IOResult(0, Errno.ENOTSOCK);
    }

    /// <inheritdoc/>
    protected internal sealed override IOResult TryShutdownWrite() => new(0, Errno.ENOTSOCK);
}
