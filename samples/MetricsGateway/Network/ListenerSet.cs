using System.Net.Sockets;
using MetricsGateway.Configuration;
using Vigil;

namespace MetricsGateway.Network;

/// <summary>The listeners that are open, and the change from some to others.</summary>
/// <param name="manager">Serves them.</param>
/// <param name="kinds">Every listener that there may be.</param>
internal sealed class ListenerSet(EventManager manager, IReadOnlyList<ListenerKind> kinds)
{
    private readonly Dictionary<string, Listener> _listeners = new(StringComparer.Ordinal);

    // Those that a reload has replaced, and that are not done yet: an admin client may take its time with an answer.
    private readonly List<(string Option, Task Ending)> _endings = [];

    /// <summary>Those that are open, in the order of their kinds, with the options that asked for them.</summary>
    public IEnumerable<(string Option, Listener Listener)> All => kinds
        .Where(kind => _listeners.ContainsKey(kind.Option))
        .Select(kind => (kind.Option, _listeners[kind.Option]));

    /// <summary>Whether one of those that have ended did not take everything.</summary>
    public bool WasCut => _listeners.Values.Any(listener => listener.WasCut);

    /// <summary>
    /// Opens the listeners whose options have changed, and has those end that they replace, as well as those that are off now. All others,
    /// and their connections, notice nothing.
    /// </summary>
    /// <returns>The listeners that end. Their connections use what they have received, and end too.</returns>
    /// <exception cref="ListenException">One could not be opened; everything is as it was.</exception>
    /// <exception cref="EventManagerException">One could not be watched; everything is as it was.</exception>
    public IReadOnlyList<Listener> Change(OptionsDifference difference)
    {
        // One whose socket has failed is opened again.
        ListenerKind[] changed =
            [.. kinds.Where(kind => difference.Contains(kind.Option) || _listeners.GetValueOrDefault(kind.Option) is { IsOpen: false })];
        Listener[] leaving = [.. changed.Select(kind => _listeners.GetValueOrDefault(kind.Option)).OfType<Listener>()];
        Dictionary<string, Listener> opened = OpenBeside(leaving, changed, difference.After);
        _endings.RemoveAll(entry => entry.Ending.IsCompleted);
        foreach (ListenerKind kind in changed)
        {
            if (_listeners.Remove(kind.Option, out Listener? listener))
            {
                _endings.Add((kind.Option, listener.End()));
            }
        }

        foreach ((string option, Listener listener) in opened)
        {
            _listeners.Add(option, listener);
        }

        return leaving;
    }

    /// <summary>Opens all that the options ask for.</summary>
    /// <exception cref="ListenException">One could not be opened; none is open then.</exception>
    public void Open(GatewayOptions options)
    {
        foreach ((string option, Listener listener) in OpenBeside([], kinds, options))
        {
            _listeners.Add(option, listener);
        }
    }

    /// <summary>Asks the kernel what it has dropped of datagrams. Listeners that end do so themselves, with the last of them.</summary>
    public void CountDrops()
    {
        foreach (DatagramReceiver receiver in _listeners.Values.OfType<DatagramReceiver>())
        {
            receiver.CountDrops();
        }
    }

    /// <summary>Has all listeners end, with their connections.</summary>
    /// <returns>When all metrics that had arrived are received, and when the last admin client has its answers.</returns>
    public (Task Metrics, Task Admin) EndAll()
    {
        _endings.AddRange(_listeners.Select(entry => (entry.Key, entry.Value.End())));
        ILookup<bool, Task> byAdmin = _endings.ToLookup(
            entry => string.Equals(entry.Option, OptionTable.Admin, StringComparison.Ordinal), entry => entry.Ending);
        return (Task.WhenAll(byAdmin[false]), Task.WhenAll(byAdmin[true]));
    }

    // The new ones are opened while the old ones are open, so that no client is refused in between, and nothing is lost if one fails.
    private Dictionary<string, Listener> OpenBeside(Listener[] leaving, IReadOnlyList<ListenerKind> wanted, GatewayOptions options)
    {
        Dictionary<string, Listener> opened = new(StringComparer.Ordinal);
        Socket[] leavingSockets = [.. leaving.Where(listener => listener.IsOpen).Select(listener => listener.Socket)];
        try
        {
            foreach (ListenerKind kind in wanted)
            {
                if (kind.Open(options, leavingSockets) is { } socket)
                {
                    Listener listener = Add(kind.Serve(socket));
                    RequireUnlike(kind.Option, listener, opened.Values);
                    opened.Add(kind.Option, listener);
                }
            }

            return opened;
        }
        catch
        {
            foreach (Listener listener in opened.Values)
            {
                listener.Close(manager);
            }

            throw;
        }
    }

    private Listener Add(Listener listener)
    {
        try
        {
            manager.AddSubscriber(listener);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    // Beside an old listener that had it, the kernel would have let two in.
    private void RequireUnlike(string option, Listener listener, IEnumerable<Listener> others)
    {
        if (others.Any(other => other.Socket.SocketType == listener.Socket.SocketType
            && string.Equals(other.Place, listener.Place, StringComparison.Ordinal)))
        {
            listener.Close(manager);
            throw new ListenException(option, listener.Place, "another listener of the same configuration has it");
        }
    }
}
