using Vigil.Interop;

namespace Vigil.Polling;

/// <summary>
/// What one wait found ready, in the kernel's own layout so that nothing is copied. It starts small and doubles, up to its
/// capacity, whenever a wait filled it: most programs never have more than a few fds ready at once.
/// </summary>
internal sealed unsafe class ReadyBuffer
{
    /// <summary>The kernel refuses buffers of more than INT_MAX bytes (EP_MAX_EVENTS, <c>fs/eventpoll.c</c>); this stays far below.</summary>
    public const int MaxCapacity = 1 << 20;

    private const int InitialSize = 32;

    // On the pinned heap: the address is the kernel's for as long as the array lives, and nobody has to free it.
    private byte[] _memory;
    private byte* _start;

    public ReadyBuffer(int capacity)
    {
        Capacity = capacity;
        _memory = [];
        Resize(Math.Min(InitialSize, capacity));
    }

    /// <summary>How many entries it may hold when grown.</summary>
    public int Capacity { get; }

    /// <summary>How many entries it can hold now.</summary>
    public int Size { get; private set; }

    /// <summary>How many entries the last wait filled.</summary>
    public int Count { get; set; }

    public byte* Start => _start;

    public ReadyEntry First => this[0];

    /// <summary>Behind the last entry.</summary>
    public ReadyEntry End => this[Count];

    /// <summary>One of the entries, or the place behind the last; nothing checks which. It is valid until the buffer is cleared or grows.</summary>
    public ReadyEntry this[int index] => new(_start + (index * EpollEventLayout.Current.Size));

    /// <summary>Empties the buffer and makes room for so many entries, as far as its capacity allows.</summary>
    public void Clear(int size)
    {
        if (size > Size)
        {
            Resize(Math.Min(size, Capacity));
        }

        Count = 0;
    }

    /// <summary>Adds an entry, for those that do not let the kernel write here. False where it is full.</summary>
    public bool TryAdd(ulong token, EventSet events)
    {
        if (Count == Size)
        {
            return false;
        }

        EpollEventLayout.Current.Write(_start + (Count++ * EpollEventLayout.Current.Size), (uint)events, token);
        return true;
    }

    /// <summary>Takes an entry out; the order of the others stays.</summary>
    public void RemoveAt(int index)
    {
        int size = EpollEventLayout.Current.Size;
        var tail = new Span<byte>(_start + ((index + 1) * size), (Count - index - 1) * size);
        tail.CopyTo(new Span<byte>(_start + (index * size), tail.Length));
        Count--;
    }

    /// <summary>Doubles the buffer where the last wait filled it. What it holds is lost: call it between batches.</summary>
    public void GrowIfFull()
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
