namespace MetricsGateway.Admin;

internal enum AdminResult
{
    /// <summary>The next command may follow.</summary>
    KeepOpen,

    /// <summary>Send what was written, then close the connection.</summary>
    Close,
}
