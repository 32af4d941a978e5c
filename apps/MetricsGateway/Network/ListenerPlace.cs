using System.Net;
using Vigil;

namespace MetricsGateway.Network;

/// <summary>A requested listener, and the present one.</summary>
internal sealed class ListenerPlace(ListenerKind kind, ListenAddress address)
{
    // If a socket fails again within this time, the socket itself is the cause.
    private const long CalmMilliseconds = 10_000;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private TimeSpan _delay = FirstDelay;
    private long? _lastFailure;

    public ListenerKind Kind => kind;

    public string Option => kind.Option;

    public ListenAddress Address { get; } = address;

    /// <summary>The address, with the bound port if any port was requested: that is the one that clients know.</summary>
    public ListenAddress Known { get; private set; } = address;

    /// <summary>Null while its socket has failed.</summary>
    public Listener? Listener
    {
        get;
        set
        {
            field = value;
            Trouble = null;
            if (value is not null)
            {
                _delay = FirstDelay;
                Known = value.Socket.LocalEndPoint is IPEndPoint taken ? Address with { Endpoint = taken } : Address;
            }
        }
    }

    /// <summary>Why there is no listener; null if there is one.</summary>
    public string? Trouble { get; private set; }

    /// <summary>The timer that opens it again.</summary>
    public TimerEvent? Retry { get; set; }

    /// <summary>Tolerates a failure of the socket, unless the previous one was only a moment ago.</summary>
    public bool TryExcuse()
    {
        long now = Environment.TickCount64;
        bool isExcused = _lastFailure is not { } last || now - last > CalmMilliseconds;
        _lastFailure = now;
        return isExcused;
    }

    /// <summary>Whether both are for the same option and the same address.</summary>
    public bool IsSame(ListenerPlace other) => Kind == other.Kind && Address == other.Address;

    /// <summary>The socket is closed.</summary>
    public void Fail(string reason)
    {
        Listener = null;
        Trouble = reason;
    }

    public TimeSpan NextDelay()
    {
        TimeSpan delay = _delay;
        _delay = TimeSpan.FromTicks(Math.Min(2 * delay.Ticks, LongestDelay.Ticks));
        return delay;
    }

    public void StopTrying()
    {
        Retry?.Cancel();
        Retry = null;
    }
}
