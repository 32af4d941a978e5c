using Vigil.Interop;

namespace Vigil.Polling;

/// <summary>
/// A place in a <see cref="ReadyBuffer"/>, for whoever goes through it: an addition an entry, where an index costs a multiplication and a look at the buffer.
/// It ends with the batch, since the buffer moves when it grows; nothing checks that it is inside.
/// </summary>
internal readonly unsafe struct ReadyEntry : IEquatable<ReadyEntry>
{
    private readonly byte* _address;

    public ReadyEntry(byte* address) => _address = address;

    /// <summary>What the descriptor was registered with.</summary>
    public ulong Token => EpollEventLayout.Current.ReadData(_address);

    public EventSet Events => (EventSet)EpollEventLayout.ReadEvents(_address);

    public ReadyEntry Next => new(_address + EpollEventLayout.Current.Size);

    public ReadyEntry Previous => new(_address - EpollEventLayout.Current.Size);

    public static bool operator ==(ReadyEntry left, ReadyEntry right) => left._address == right._address;

    public static bool operator !=(ReadyEntry left, ReadyEntry right) => left._address != right._address;

    public bool Equals(ReadyEntry other) => this == other;

    public override bool Equals(object? obj) => obj is ReadyEntry other && this == other;

    public override int GetHashCode() => ((nint)_address).GetHashCode();
}
