namespace Vigil.Recording;

/// <summary>What a loop asks of the kernel beside readiness. The numbers are a part of the format.</summary>
internal enum RecordedQuestion : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>To have a signal. The answer's number is its route.</summary>
    SignalSubscribe,

    /// <summary>For the descriptor that signals are read from. Its number.</summary>
    SignalDescriptor,

    /// <summary>Whether signals could be read. An errno.</summary>
    SignalRead,

    /// <summary>To watch a process. Its descriptor's number; or, if it has ended, how (bytes).</summary>
    ProcessOpen,

    /// <summary>Whether a process has ended, and how. The number is the state, the bytes are how.</summary>
    ProcessEnd,

    /// <summary>To send a process a signal. An errno.</summary>
    ProcessSend,

    /// <summary>Whether a killed process ended in time. 1 or 0.</summary>
    ProcessAwait,

    /// <summary>Whether a descriptor is open. 1 or 0, as in those that follow without another word.</summary>
    IsOpen,

    /// <summary>Whether a file reports each change once.</summary>
    ReportsChangesOnce,

    /// <summary>For what a descriptor is ready at this moment. An event set.</summary>
    ReadyNow,

    /// <summary>Whether a socket preserves the boundaries of messages.</summary>
    IsMessageOriented,

    /// <summary>How many bytes there are to read.</summary>
    BytesToRead,

    /// <summary>Whether a descriptor has an error or a hang-up.</summary>
    HasErrorOrHangUp,

    /// <summary>Whether the announcements of a descriptor can be listened to.</summary>
    Listen,

    /// <summary>Whether there was one.</summary>
    Announcement,
}
