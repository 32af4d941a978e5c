namespace Soak.Clients;

/// <summary>What a client does.</summary>
internal enum ClientKind
{
    /// <summary>Sends by TCP and closes.</summary>
    Closing,

    /// <summary>Sends datagrams.</summary>
    Datagrams,

    /// <summary>Says nothing more, within a line.</summary>
    Stalling,

    /// <summary>Resets its connection.</summary>
    Resetting,

    /// <summary>Goes away without a word, so that the gateway still has a connection.</summary>
    Vanishing,

    /// <summary>Sends Graphite lines, or bytes that are none.</summary>
    Other,

    /// <summary>Asks on the admin port, and reads the answers or not.</summary>
    Asking,
}
