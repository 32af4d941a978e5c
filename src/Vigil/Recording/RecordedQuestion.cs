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

    /// <summary>Whether a socket listens for connections.</summary>
    IsListening,

    /// <summary>For a descriptor of the program's. Recorded only if it could not be opened: why (<see cref="OpenFailure"/>).</summary>
    DescriptorOpen,

    /// <summary>For an inotify instance. Its number.</summary>
    FileQueue = 64,

    /// <summary>To watch a file with a mask (bytes). The watch's number.</summary>
    FileAddWatch,

    /// <summary>To end a watch, by its number (bytes). An errno.</summary>
    FileRemoveWatch,

    /// <summary>To put a mark behind what is queued. An errno.</summary>
    FileMark,

    /// <summary>How many bytes are queued.</summary>
    FileQueued,

    /// <summary>For records. How many bytes, and the bytes.</summary>
    FileRead,

    /// <summary>To open a directory by its path (bytes). An errno.</summary>
    FileOpenDirectory,

    /// <summary>To open a path (bytes), only to name it. An errno.</summary>
    FileOpenPath,

    /// <summary>Whether a path (bytes) names a directory. 1 or 0.</summary>
    FileIsDirectory,

    /// <summary>How many links the file of a path (bytes) has.</summary>
    FileLinks,

    /// <summary>Whether the file of a path (bytes) is open for writing. A state.</summary>
    FileWriters,

    /// <summary>For the path of a directory without links. 1, and the path; 0 if it is unknown.</summary>
    FileRealPath,

    /// <summary>Whether a name (bytes) in a directory is a directory. 1 or 0.</summary>
    FileIsDirectoryAt,

    /// <summary>For the next entry of a directory. 1 for a directory or 0, and the name; −1 at the end.</summary>
    FileEntry,

    /// <summary>For the list of mounts. Its number.</summary>
    FileMounts,

    /// <summary>To read the list of mounts. How many bytes, and the bytes.</summary>
    FileMountList,

    /// <summary>For a limit of the system. i64.</summary>
    FileLimit,

    /// <summary>Whether a descriptor can be opened. 1 or 0.</summary>
    FileHasDescriptors,

    /// <summary>For the descriptor that ends the wait at a time of a clock. Its number; −1 for none.</summary>
    ClockOpen,

    /// <summary>
    /// To end the wait at a time of a clock. How reliably it will (<see cref="Timing.WakeUp"/>). Not recorded if that is exactly.
    /// </summary>
    ClockWake,
}
