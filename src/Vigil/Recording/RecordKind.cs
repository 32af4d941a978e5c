namespace Vigil.Recording;

/// <summary>
/// The kinds of records. A record begins with its kind, a byte; its other parts follow without padding, little-endian. A reader that does
/// not know a kind cannot go on, so a new kind is a new version of the format.
/// </summary>
internal enum RecordKind : byte
{
    /// <summary>Nothing: behind the last record of a chunk.</summary>
    None,

    /// <summary>Records are missing here, because their writer could not keep up. i64 bytes.</summary>
    Gap,

    /// <summary>
    /// A wait. u8 flags (<see cref="WaitFlags"/>), u16 errno, i32 count; then each ready registration: u32 events, u64 token.
    /// </summary>
    Wait,

    /// <summary>A reading of a clock. u8 clock, i64 nanoseconds.</summary>
    Clock,

    /// <summary>A clock was asked whether it was set. u8 clock, u8 answer.</summary>
    ClockStep,

    /// <summary>A change of a registration. u8 call, i32 fd, u64 token, u32 interest, u16 errno.</summary>
    Registration,

    /// <summary>A name for what follows. u16 id, u16 length, UTF-8.</summary>
    Name,

    /// <summary>A recorded descriptor was opened. u16 its name, i32 fd.</summary>
    Opened,

    /// <summary>A read. i32 fd, i32 count, u16 errno, i32 how many bytes follow (<see cref="Bytes"/>): all, or 0 without traffic.</summary>
    Read,

    /// <summary>A write. As <see cref="Read"/>.</summary>
    Write,

    /// <summary>Bytes of the record before, or the next part of them. i32 length, bytes.</summary>
    Bytes,

    /// <summary>A connection was taken. i32 listener, i32 fd or −1, u16 errno, u16 length of the peer's address, UTF-8.</summary>
    Accept,

    /// <summary>The sending side was shut down. i32 fd, u16 errno.</summary>
    ShutdownWrite,

    /// <summary>An iteration has decided whether its wait may sleep. u8 1 if not.</summary>
    Iteration,

    /// <summary>A message is taken from the mailbox.</summary>
    Message,

    /// <summary>An input from another thread. u16 its name, i32 how many bytes follow.</summary>
    Input,

    /// <summary>
    /// An answer of the kernel. u8 question (<see cref="RecordedQuestion"/>), u8 failure (<see cref="EventManagerError"/>), i32 number,
    /// u16 errno, i32 how many bytes follow.
    /// </summary>
    Answer,

    /// <summary>A run has ended, because it was stopped by whomever.</summary>
    RunEnd,

    /// <summary>Datagrams were taken. i32 fd, i32 count, u16 errno. With traffic, as many <see cref="Datagram"/> follow.</summary>
    Datagrams,

    /// <summary>
    /// A datagram of the record before. u8 1 if it was truncated, u8 length of the sender's address, the address, i32 how many bytes
    /// follow.
    /// </summary>
    Datagram,

    /// <summary>The number of the message before, which a worker has sent. i64.</summary>
    Sequence,
}

/// <summary>How a wait was.</summary>
[Flags]
internal enum WaitFlags : byte
{
    None = 0,

    /// <summary>More ready registrations of the same wait follow in another record.</summary>
    IsContinued = 1,
}
