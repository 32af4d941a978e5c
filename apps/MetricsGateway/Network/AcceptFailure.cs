namespace MetricsGateway.Network;

/// <summary>Classifies the errors of accept(2).</summary>
internal static class AcceptFailure
{
    // errno(3); the numbers are the same on all architectures that .NET runs on.
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
    /// Whether the error concerns only one connection, which is lost with it; the next one may be good. These are the network errors that
    /// accept(2) says to treat like "not now", and the error that a firewall causes.
    /// </summary>
    public static bool IsOfConnection(int errno) => errno
        is Eperm or Eintr or Enonet or Eproto or Enoprotoopt or Enetdown or Enetunreach or Econnaborted or Ehostdown or Ehostunreach;

    /// <summary>Whether the socket cannot be accepted from, now or later.</summary>
    public static bool IsOfSocket(int errno) => errno is Ebadf or Einval or Enotsock or Eopnotsupp;
}
