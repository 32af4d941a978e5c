namespace MetricsGateway.Admin;

internal enum AdminResult
{
    /// <summary>The next command may follow.</summary>
    KeepOpen,

    /// <summary>The answer is written step by step (<see cref="AdminCommands.TakeRest"/>). The next command may follow when it is
    /// done.</summary>
    Continues,

    /// <summary>Send what was written, then close the connection.</summary>
    Close,

    /// <summary>No known command. A client that has never sent one speaks another protocol, and is not served.</summary>
    Unknown,

    /// <summary>Reload the configuration, and answer when that is done.</summary>
    Reload,
}
