using Vigil.Interop;

namespace Vigil.Polling;

/// <summary>
/// The events of one wait, in the kernel's layout so that nothing is copied. It starts small and doubles, up to its
/// capacity, whenever a wait filled it: most programs never have more than a few fds ready at once.
/// </summary>
public sealed unsafe class ReadyBuffer
{
    /// <summary>The kernel refuses buffers of more than INT_MAX bytes (EP_MAX_EVENTS, <c>fs/eventpoll.c</c>); this is far below.</summary>
    internal const int MaxCapacity = 1 << 20;

    private const int InitialSize = 32;

    // On the pinned heap: the kernel writes to this address as long as the array lives, and nothing must be freed.
    private byte[] _memory;
    private byte* _start;

    /// <summary>Creates an empty buffer.</summary>
    /// <param name="capacity">The greatest number of entries, from 1 to <see cref="EventManagerOptions.MaxReadyCapacity"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is out of range.</exception>
    public ReadyBuffer(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, MaxCapacity);
        Capacity = capacity;
        _memory = [];
        Resize(Math.Min(InitialSize, capacity));
    }

    /// <summary>The greatest number of entries it can grow to.</summary>
    public int Capacity { get; }

    /// <summary>The number of entries it can hold now.</summary>
    public int Size { get; private set; }

    /// <summary>The number of entries that the last wait filled.</summary>
    public int Count { get; internal set; }

    internal byte* Start => _start;

    internal ReadyEntry First => this[0];

    /// <summary>Behind the last entry.</summary>
    internal ReadyEntry End => this[Count];

    /// <summary>An entry, or the place behind the last; the index is not checked. Valid until the buffer is cleared or grows.</summary>
    internal ReadyEntry this[int index] => new(_start + (index * EpollEventLayout.Current.Size));

    /// <summary>Empties the buffer and makes room for a number of entries, as far as its capacity allows.</summary>
    internal void Clear(int size)
    {
        if (size > Size)
        {
            Resize(Math.Min(size, Capacity));
        }

        Count = 0;
    }

    /// <summary>Empties the buffer: what a poller begins a wait with.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds an entry, for pollers that do not let the kernel write here.</summary>
    /// <param name="token">The token of the registration.</param>
    /// <param name="events">What it is ready for.</param>
    /// <returns>False if the buffer is full: what is left is reported by the next wait.</returns>
    public bool TryAdd(SourceToken token, EventSet events)
    {
        if (Count == Size)
        {
            return false;
        }

        EpollEventLayout.Current.Write(_start + (Count++ * EpollEventLayout.Current.Size), (uint)events, token.Raw);
        return true;
    }

    /// <summary>Removes an entry; the order of the others is kept.</summary>
    internal void RemoveAt(int index)
    {
        int size = EpollEventLayout.Current.Size;
        var tail = new Span<byte>(_start + ((index + 1) * size), (Count - index - 1) * size);
        tail.CopyTo(new Span<byte>(_start + (index * size), tail.Length));
        Count--;
    }

    /// <summary>Doubles the buffer if the last wait filled it. Its entries are lost: call it between batches.</summary>
    internal void GrowIfFull()
    {
        if (Count == Size && Size < Capacity)
        {
            Resize(Math.Min(Size * 2, Capacity));
        }

        Count = 0;
    }

    private void Resize(int size)
    {
        _memory = GC.AllocateUninitializedArray<byte>(size * EpollEventLayout.Current.Size, pinned: true);
        _start = (byte*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0);
        Size = size;
        Count = 0;
    }
}
