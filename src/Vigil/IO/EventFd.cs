using System.Runtime.InteropServices;
using Vigil.Interop;

namespace Vigil.IO;

/// <summary>
/// A 64-bit kernel counter that is readable while it is not zero (<c>eventfd(2)</c>): the cheapest way to make a loop
/// ready, also one of another process. Non-blocking and close-on-exec. Safe from any thread.
/// </summary>
public sealed class EventFd : FdHandle
{
    /// <summary>Creates a counter.</summary>
    /// <param name="initialValue">Its initial value.</param>
    /// <param name="mode">What a read takes.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mode"/> is undefined.</exception>
    /// <exception cref="EventManagerException">The kernel refused, for instance because too many files are open
    /// (<c>EMFILE</c>).</exception>
    public EventFd(uint initialValue = 0, EventFdMode mode = EventFdMode.Counter)
        : base(Created(EventFdNative.Create(initialValue, IsSemaphore(mode), out int errno), errno, "eventfd")) => IsNonBlocking = true;

    /// <summary>Adds to the counter.</summary>
    /// <param name="value">The amount; <see cref="ulong.MaxValue"/> is not allowed.</param>
    /// <returns>False if the counter would exceed its maximum of 2⁶⁴ − 2. It is readable then, so no signal is missed.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is <see cref="ulong.MaxValue"/>.</exception>
    /// <exception cref="ObjectDisposedException">The counter is closed.</exception>
    public bool TryAdd(ulong value = 1)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(value, ulong.MaxValue);
        IOResult written = NonBlocking.TryWrite(this, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in value)));
        written.ThrowIfFailed("write to an eventfd");
        return !written.WouldBlock;
    }

    /// <summary>Takes the counter's value and sets it to zero; takes 1 from a semaphore.</summary>
    /// <param name="value">The value taken.</param>
    /// <returns>False if the counter is zero.</returns>
    /// <exception cref="ObjectDisposedException">The counter is closed.</exception>
    public bool TryTake(out ulong value)
    {
        value = 0;
        IOResult read = NonBlocking.TryRead(this, MemoryMarshal.AsBytes(new Span<ulong>(ref value)));
        read.ThrowIfFailed("read from an eventfd");
        return !read.WouldBlock;
    }

    private static bool IsSemaphore(EventFdMode mode) => mode switch
    {
        EventFdMode.Counter => false,
        EventFdMode.Semaphore => true,
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "An eventfd is a counter or a semaphore."),
    };
}
