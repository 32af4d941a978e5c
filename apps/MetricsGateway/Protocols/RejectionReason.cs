namespace MetricsGateway.Protocols;

/// <summary>Why a line was not stored; <see cref="None"/> means that it was.</summary>
internal enum RejectionReason
{
    None,
    EmptyName,
    MissingValue,
    InvalidValue,
    MissingType,
    UnknownType,
    InvalidSampleRate,
    InvalidTag,
    MissingTimestamp,
    InvalidTimestamp,
    UnexpectedField,
    InvalidBytes,
    LineTooLong,
    PacketTruncated,
    TooManyNames,
    TooManyNameBytes,
    TooManySetValues,
    UnsupportedEvent,
    UnsupportedServiceCheck,
    UnsupportedTimestamp,
    ReservedName,
}
