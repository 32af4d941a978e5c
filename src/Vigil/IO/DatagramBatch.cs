using System.Net;
using Vigil.Interop;

namespace Vigil.IO;

/// <summary>
/// Buffers for many datagrams, which one call fills (<c>recvmmsg(2)</c>): for sockets that receive more than a few thousand a second, where a
/// call for each costs more than what is done with them. Made once and used again and again; receiving allocates nothing.
/// For one thread at a time.
/// </summary>
/// <remarks>
/// Its memory is <see cref="Capacity"/> times <see cref="MaxLength"/> and a little more, of which only what datagrams have really filled is
/// resident.
/// </remarks>
public sealed unsafe class DatagramBatch
{
    /// <summary>The greatest <see cref="Capacity"/>: the kernel takes no more at once.</summary>
    public const int MaxCapacity = DatagramNative.MaxMessages;

    private const int CacheLine = 64;

    // Pinned for their life: the kernel's structures point into each other.
    private readonly byte[] _bytes;
    private readonly DatagramNative.Part[] _parts;
    private readonly DatagramNative.Message[] _messages;
    private readonly byte[] _senders;
    private readonly int _stride;

    /// <summary>Makes the buffers.</summary>
    /// <param name="capacity">How many datagrams one call may take, 1 to <see cref="MaxCapacity"/>. 32 to 64 save most of what there is to save.</param>
    /// <param name="maxLength">The size of the largest datagram that is taken whole, in bytes; more than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is not, or both together are more than an array can hold.</exception>
    public DatagramBatch(int capacity, int maxLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, MaxCapacity);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);

        // Were the distance between two buffers a power of two, as sizes like to be, the beginnings of all would share the same few lines of
        // the processor's cache. One line more spreads them over all of it.
        long stride = ((maxLength + (long)CacheLine - 1) / CacheLine * CacheLine) + CacheLine;
        if (capacity * stride > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(capacity), capacity, $"{capacity} datagrams of {maxLength} bytes are more than an array can hold ({Array.MaxLength} bytes).");
        }

        Capacity = capacity;
        MaxLength = maxLength;
        _stride = (int)stride;
        _bytes = GC.AllocateUninitializedArray<byte>(capacity * _stride, pinned: true);
        _parts = GC.AllocateArray<DatagramNative.Part>(capacity, pinned: true);
        _messages = GC.AllocateArray<DatagramNative.Message>(capacity, pinned: true);
        _senders = GC.AllocateArray<byte>(capacity * PeerName.MaxSize, pinned: true);
        fixed (byte* bytes = _bytes)
        fixed (byte* senders = _senders)
        fixed (DatagramNative.Part* parts = _parts)
        {
            for (int i = 0; i < capacity; i++)
            {
                parts[i] = new DatagramNative.Part { Start = bytes + ((long)i * _stride), Length = (nuint)maxLength };
                _messages[i] = new DatagramNative.Message
                {
                    Name = senders + (i * PeerName.MaxSize),
                    NameLength = PeerName.MaxSize,
                    Parts = parts + i,
                    PartCount = 1,
                };
            }
        }
    }

    /// <summary>How many datagrams one call may take.</summary>
    public int Capacity { get; }

    /// <summary>The size of the largest datagram that is taken whole, in bytes.</summary>
    public int MaxLength { get; }

    /// <summary>How many datagrams the last call took; 0 if it failed or there were none.</summary>
    public int Count { get; private set; }

    /// <summary>A datagram that the last call took, or of one that was longer the first <see cref="MaxLength"/> bytes. It may be empty.</summary>
    /// <param name="index">Which, from 0; in the order in which they arrived.</param>
    /// <returns>Valid until the next call.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There were not as many.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return _bytes.AsSpan(index * _stride, (int)_messages[index].Received);
        }
    }

    /// <summary>Whether a datagram was longer than <see cref="MaxLength"/>, so that its end is lost (<c>MSG_TRUNC</c>).</summary>
    /// <param name="index">Which, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There were not as many.</exception>
    public bool IsTruncated(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _messages[index].IsTruncated;
    }

    /// <summary>Who sent a datagram. Allocates what it returns.</summary>
    /// <param name="index">Which, from 0.</param>
    /// <returns>
    /// An <see cref="IPEndPoint"/>, or a <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>. Null where the address is of another family, and where a
    /// local socket has no name, as most of those that only send. To a socket for IPv4 and IPv6, an IPv4 address is one of IPv6
    /// (<see cref="IPAddress.IsIPv4MappedToIPv6"/>).
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">There were not as many.</exception>
    public EndPoint? GetSender(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));

        // The kernel tells the length of the whole address, also where it did not fit.
        int length = Math.Min((int)_messages[index].NameLength, PeerName.MaxSize);
        return PeerName.Parse(_senders.AsSpan(index * PeerName.MaxSize, length));
    }

    /// <summary>
    /// Takes the datagrams that have arrived, as many as fit, and does not wait, whatever mode the socket is in. Fewer than
    /// <see cref="Capacity"/> mean that there were no more at that moment.
    /// </summary>
    /// <param name="fd">A datagram socket.</param>
    /// <returns>How many there were, not how many bytes; <see cref="IOResult.WouldBlock"/> where there was none.</returns>
    public IOResult TryReceive(FileDescriptor fd)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        int received;
        int errno;

        // Where the kernel has written the length of an address, it reads how much room there is for the next one.
        foreach (ref DatagramNative.Message message in _messages.AsSpan(0, Count))
        {
            message.NameLength = PeerName.MaxSize;
        }

        fixed (DatagramNative.Message* messages = _messages)
        {
            received = DatagramNative.Receive(borrowed.Number, messages, Capacity, out errno);
        }

        Count = Math.Max(received, 0);
        return IOResult.From(received, errno);
    }
}
