namespace Vigil.Recording;

/// <summary>A record that was read. Which parts it has depends on its kind (<see cref="RecordKind"/>).</summary>
internal sealed record RecordEntry(RecordKind Kind)
{
    /// <summary>A clock or a descriptor's number.</summary>
    public int Number { get; init; }

    /// <summary>A reading, a count, an answer.</summary>
    public long Value { get; init; }

    /// <summary>How many chunks a gap is long; 0 if it is in bytes (<see cref="Value"/>).</summary>
    public long Missing { get; init; }

    public int Errno { get; init; }

    public RegistrationCall Call { get; init; }

    public RecordedQuestion Question { get; init; }

    public EventManagerError Failure { get; init; }

    public SourceToken Token { get; init; }

    public EventSet Events { get; init; }

    public string Text { get; init; } = "";

    public byte[] Bytes { get; init; } = [];

    public IReadOnlyList<RecordedDatagram> Datagrams { get; init; } = [];

    public IReadOnlyList<(SourceToken Token, EventSet Events)> Ready { get; init; } = [];
}

/// <summary>A datagram that was recorded.</summary>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Sender">Its sender's address as the kernel wrote it.</param>
/// <param name="IsTruncated">Whether it was longer.</param>
internal sealed record RecordedDatagram(byte[] Bytes, byte[] Sender, bool IsTruncated);
