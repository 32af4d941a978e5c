namespace MetricsGateway.Network;

/// <summary>What an error of accept(2) is about.</summary>
internal static class AcceptFailure
{
    // errno(3), the numbers of Linux on all architectures that .NET runs on.
    private const int Eperm = 1;
    private const int Eintr = 4;
    private const int Ebadf = 9;
    private const int Einval = 22;
    private const int Enonet = 64;
    private const int Eproto = 71;
    private const int Enotsock = 88;
    private const int Enoprotoopt = 92;
    private const int Eopnotsupp = 95;
    private const int Enetdown = 100;
    private const int Enetunreach = 101;
    private const int Econnaborted = 103;
    private const int Ehostdown = 112;
    private const int Ehostunreach = 113;

    /// <summary>
    /// Whether it was about one connection, which is gone with it; the next one may be good. These are the errors of a network that
    /// accept(2) says to treat like "not now", and what a firewall makes of a connection.
    /// </summary>
    public static bool IsOfConnection(int errno) => errno
        is Eperm or Eintr or Enonet or Eproto or Enoprotoopt or Enetdown or Enetunreach or Econnaborted or Ehostdown or Ehostunreach;

    /// <summary>Whether the socket is none to accept from, and never will be.</summary>
    public static bool IsOfSocket(int errno) => errno is Ebadf or Einval or Enotsock or Eopnotsupp;
}
