using Vigil.Interop;

namespace Vigil.Polling;

/// <summary>
/// A place in a <see cref="ReadyBuffer"/>, for iterating: an addition an entry, where an index costs a multiplication and an access to the
/// buffer. Valid for the batch only, since the buffer moves when it grows; its bounds are not checked.
/// </summary>
internal readonly unsafe struct ReadyEntry : IEquatable<ReadyEntry>
{
    private readonly byte* _address;

    public ReadyEntry(byte* address) => _address = address;

    /// <summary>The token of the registration.</summary>
    public SourceToken Token => new(EpollEventLayout.Current.ReadData(_address));

    public EventSet Events => (EventSet)EpollEventLayout.ReadEvents(_address);

    public ReadyEntry Next => new(_address + EpollEventLayout.Current.Size);

    public ReadyEntry Previous => new(_address - EpollEventLayout.Current.Size);

    /// <summary>Copies this entry and those behind it as they are. Returns the one behind the last.</summary>
    /// <param name="target">Where to, a whole number of entries.</param>
    public ReadyEntry CopyTo(Span<byte> target)
    {
        new ReadOnlySpan<byte>(_address, target.Length).CopyTo(target);
        return new ReadyEntry(_address + target.Length);
    }

    public static bool operator ==(ReadyEntry left, ReadyEntry right) => left._address == right._address;

    public static bool operator !=(ReadyEntry left, ReadyEntry right) => left._address != right._address;

    public bool Equals(ReadyEntry other) => this == other;

    public override bool Equals(object? obj) => obj is ReadyEntry other && this == other;

    public override int GetHashCode() => ((nint)_address).GetHashCode();
}
