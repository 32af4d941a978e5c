using Vigil.Polling;

namespace Vigil.Internals.Tests.Polling;

/// <summary>Lets a test name registrations by numbers.</summary>
internal static class NumberedTokens
{
    public static int Add(this IPoller poller, int fd, ulong token, EventSet interest) => poller.Add(fd, new SourceToken(token), interest);

    public static int Modify(this IPoller poller, int fd, ulong token, EventSet interest) =>
        poller.Modify(fd, new SourceToken(token), interest);

    public static int Transfer(this IPoller poller, int fd, ulong token, EventSet? interest) =>
        poller.Transfer(fd, new SourceToken(token), interest);

    public static bool TryAdd(this ReadyBuffer buffer, ulong token, EventSet events) => buffer.TryAdd(new SourceToken(token), events);
}
