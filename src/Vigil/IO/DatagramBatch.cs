using System.Net;
using Vigil.Interop;

namespace Vigil.IO;

/// <summary>
/// Buffers for many datagrams that one call fills (<c>recvmmsg(2)</c>). For sockets that receive more than a few thousand a second, where a
/// call for each costs more than handling them. Made once and reused; receiving allocates nothing.
/// For one thread at a time.
/// </summary>
/// <remarks>
/// It takes <see cref="Capacity"/> times <see cref="MaxLength"/> bytes and a little more; only the part that datagrams have filled is
/// resident.
/// </remarks>
public sealed unsafe class DatagramBatch
{
    /// <summary>The greatest <see cref="Capacity"/>: the kernel accepts no more.</summary>
    public const int MaxCapacity = DatagramNative.MaxMessages;

    private const int CacheLine = 64;

    // Pinned for their lifetime: the kernel's structures point into each other.
    private readonly byte[] _bytes;
    private readonly DatagramNative.Part[] _parts;
    private readonly DatagramNative.Message[] _messages;
    private readonly byte[] _senders;
    private readonly int _stride;

    /// <summary>Allocates the buffers.</summary>
    /// <param name="capacity">The greatest number of datagrams that one call takes, 1 to <see cref="MaxCapacity"/>. 32 to 64 give most of
    /// the gain.</param>
    /// <param name="maxLength">The size of the largest datagram that is not truncated, in bytes; more than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is out of range, or both together exceed an array.</exception>
    public DatagramBatch(int capacity, int maxLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, MaxCapacity);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);

        // If the distance between two buffers were a power of two, as sizes often are, all would begin in the same few cache lines.
        // One line more spreads them over the whole cache.
        long stride = ((maxLength + (long)CacheLine - 1) / CacheLine * CacheLine) + CacheLine;
        if (capacity * stride > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(capacity),
                capacity,
                $"{capacity} datagrams of {maxLength} bytes are more than an array can hold ({Array.MaxLength} bytes).");
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

    /// <summary>The greatest number of datagrams that one call takes.</summary>
    public int Capacity { get; }

    /// <summary>The size of the largest datagram that is not truncated, in bytes.</summary>
    public int MaxLength { get; }

    /// <summary>The number of datagrams that the last call took; 0 if it failed or there were none.</summary>
    public int Count { get; private set; }

    /// <summary>A datagram that the last call took; its first <see cref="MaxLength"/> bytes if it was longer. It may be empty.</summary>
    /// <param name="index">Its index, from 0, in order of arrival.</param>
    /// <returns>Its bytes, valid until the next call.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The last call took fewer.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return _bytes.AsSpan(index * _stride, (int)_messages[index].Received);
        }
    }

    /// <summary>Whether a datagram was longer than <see cref="MaxLength"/> and so truncated (<c>MSG_TRUNC</c>).</summary>
    /// <param name="index">Its index, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The last call took fewer.</exception>
    public bool IsTruncated(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _messages[index].IsTruncated;
    }

    /// <summary>The sender of a datagram. Allocates its result.</summary>
    /// <param name="index">Its index, from 0.</param>
    /// <returns>
    /// An <see cref="IPEndPoint"/>, or a <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>. Null for an address of another family,
    /// and for a local socket without a name, which most senders are. On a dual-stack socket, an IPv4 address is mapped to IPv6
    /// (<see cref="IPAddress.IsIPv4MappedToIPv6"/>).
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The last call took fewer.</exception>
    public EndPoint? GetSender(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));

        return PeerName.Parse(AddressOf(index));
    }

    /// <summary>
    /// Takes the datagrams that have arrived, as many as fit, without waiting in any mode of the socket. Fewer than
    /// <see cref="Capacity"/> mean that there were no more at that moment.
    /// </summary>
    /// <param name="fd">A datagram socket.</param>
    /// <returns>The number of datagrams, not of bytes; <see cref="IOResult.WouldBlock"/> if there was none.</returns>
    public IOResult TryReceive(FileDescriptor fd)
    {
        using var borrowed = new BorrowedDescriptor(fd);
        if (fd.Handle is VirtualHandle handle)
        {
            return ReceiveVirtual(handle, borrowed.Number < 0);
        }

        int received;
        int errno;
        Clear();
        fixed (DatagramNative.Message* messages = _messages)
        {
            received = DatagramNative.Receive(borrowed.Number, messages, Capacity, out errno);
        }

        Count = Math.Max(received, 0);
        return IOResult.From(received, errno);
    }

    /// <summary>Puts a datagram behind the others. For descriptors that the kernel does not know (<see cref="VirtualHandle"/>).</summary>
    /// <param name="datagram">Its bytes. What exceeds <see cref="MaxLength"/> is truncated.</param>
    /// <param name="sender">Its sender; null if it has none.</param>
    /// <returns>Whether there was room: there are fewer than <see cref="Capacity"/>.</returns>
    /// <exception cref="ArgumentException">The sender's address is none that a socket of Linux has.</exception>
    public bool TryAdd(ReadOnlySpan<byte> datagram, EndPoint? sender)
    {
        SocketAddress? address = sender?.Serialize();
        if (address is { Size: > PeerName.MaxSize })
        {
            throw new ArgumentException($"The address {sender} is longer than {PeerName.MaxSize} bytes.", nameof(sender));
        }

        return TryAddRaw(datagram, address is null ? default : address.Buffer.Span[..address.Size], isTruncated: false);
    }

    /// <summary>As <see cref="TryAdd"/>, with the sender's address as the kernel writes it.</summary>
    internal bool TryAddRaw(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> sender, bool isTruncated)
    {
        if (Count == Capacity)
        {
            return false;
        }

        int length = Math.Min(datagram.Length, MaxLength);
        int nameLength = Math.Min(sender.Length, PeerName.MaxSize);
        datagram[..length].CopyTo(_bytes.AsSpan(Count * _stride));
        sender[..nameLength].CopyTo(_senders.AsSpan(Count * PeerName.MaxSize));
        ref DatagramNative.Message message = ref _messages[Count];
        message.Received = (uint)length;
        message.NameLength = (uint)nameLength;
        message.IsTruncated = isTruncated || length < datagram.Length;
        Count++;
        return true;
    }

    /// <summary>The address of a datagram's sender as the kernel has written it; empty if it has none.</summary>
    internal ReadOnlySpan<byte> AddressOf(int index) =>

        // The kernel returns the length of the whole address, even if it did not fit.
        _senders.AsSpan(index * PeerName.MaxSize, Math.Min((int)_messages[index].NameLength, PeerName.MaxSize));

    private IOResult ReceiveVirtual(VirtualHandle handle, bool isClosed)
    {
        Clear();
        IOResult result = isClosed ? new IOResult(0, Errno.EBADF) : handle.TryReceive(this);
        if (result.Errno != Errno.Success)
        {
            Clear();
        }

        return result;
    }

    // The kernel has written an address's length where it reads the room for the next one.
    private void Clear()
    {
        foreach (ref DatagramNative.Message message in _messages.AsSpan(0, Count))
        {
            message.NameLength = PeerName.MaxSize;
        }

        Count = 0;
    }
}
