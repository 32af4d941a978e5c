using System.Net;
using System.Net.Sockets;
using MetricsGateway.Configuration;
using Vigil;

namespace MetricsGateway.Network;

/// <summary>The listeners of the options: opens them, replaces them at a reload, and recovers one whose socket has failed.</summary>
/// <param name="manager">Serves them.</param>
/// <param name="kinds">All kinds of listeners.</param>
/// <param name="errors">Receives a line when one has failed, and when it is back.</param>
internal sealed class ListenerSet(EventManager manager, IReadOnlyList<ListenerKind> kinds, TextWriter errors)
{
    private readonly List<ListenerPlace> _places = [];

    // Listeners that are being closed: an admin client may take its time with an answer.
    private readonly List<(string Option, Task Ending)> _endings = [];

    // Listeners whose connections outlive their failed socket.
    private readonly List<(string Option, Listener Listener)> _failed = [];

    private bool _hasEnded;

    /// <summary>The open listeners, in the order of their kinds, with their options.</summary>
    public IEnumerable<(string Option, Listener Listener)> All => _places
        .Where(place => place.Listener is not null)
        .Select(place => (place.Option, place.Listener!));

    /// <summary>The listeners that are not open, and why.</summary>
    public IEnumerable<(string Option, string Place, string Trouble)> Troubles => _places
        .Where(place => place.Trouble is not null)
        .Select(place => (place.Option, place.Known.ToString(), place.Trouble!));

    /// <summary>How often a listener's socket failed.</summary>
    public long Failures { get; private set; }

    /// <summary>Whether one of the ended listeners did not take everything.</summary>
    public bool WasCut => _places.Any(place => place.Listener is { WasCut: true }) || _failed.Any(entry => entry.Listener.WasCut);

    /// <summary>
    /// Opens the listeners that the options ask for and that are not open. Nothing else changes until <see cref="Make"/>.
    /// </summary>
    /// <exception cref="ListenException">One could not be opened; everything is as it was.</exception>
    /// <exception cref="EventManagerException">One could not be watched; everything is as it was.</exception>
    public ListenerChange Prepare(GatewayOptions options)
    {
        List<ListenerPlace> wanted = [.. kinds.SelectMany(
            kind => kind.Addresses(options).Select(address => new ListenerPlace(kind, address)))];

        // A listener whose socket has failed is opened again.
        ListenerPlace[] leaving = [.. _places.Where(place => place.Listener is not { IsOpen: true } || !wanted.Any(place.IsSame))];
        ListenerPlace[] kept = [.. _places.Except(leaving)];
        ListenerPlace[] opened = OpenBeside(leaving, [.. wanted.Where(place => !kept.Any(place.IsSame))]);
        return new ListenerChange(
            leaving,
            [.. wanted.Select(place => kept.FirstOrDefault(place.IsSame) ?? place).Where(
                place => kept.Contains(place) || opened.Contains(place))]);
    }

    /// <summary>
    /// Ends the listeners that are no longer wanted, with their connections, which use what they have received. All other listeners and
    /// their connections stay. Cannot fail.
    /// </summary>
    /// <returns>The number of connections that end.</returns>
    public int Make(ListenerChange change)
    {
        _endings.RemoveAll(entry => entry.Ending.IsCompleted);
        _failed.RemoveAll(entry => entry.Listener.Connections.Count == 0);
        int connections = 0;
        foreach (ListenerPlace place in change.Leaving)
        {
            place.StopTrying();
            if (place.Listener is { } listener)
            {
                connections += listener.Connections.Count;
                _endings.Add((place.Option, listener.End()));
            }
        }

        _places.Clear();
        _places.AddRange(change.Places);
        return connections;
    }

    /// <summary>Opens all that the options ask for.</summary>
    /// <exception cref="ListenException">One could not be opened; none is open then.</exception>
    public void Open(GatewayOptions options) => _places.AddRange(Prepare(options).Places);

    /// <summary>Reads the kernel's counts of dropped datagrams. Listeners that end do so themselves, after their last datagram.</summary>
    public void CountDrops()
    {
        foreach (DatagramReceiver receiver in _places.Select(place => place.Listener).OfType<DatagramReceiver>())
        {
            receiver.CountDrops();
        }
    }

    /// <summary>
    /// A listener threw, and was removed from the loop. It goes on with its socket, which has everything that has arrived. If the socket is
    /// the cause, and fails again, it is replaced after a pause. Its connections stay.
    /// </summary>
    public void Recover(Listener listener, Exception exception)
    {
        if (_hasEnded || _places.Find(place => place.Listener == listener) is not { } place)
        {
            // It was being closed.
            listener.Dispose();
            return;
        }

        // The input that caused the exception is used up, so a bug does not recur when the listener goes on.
        Failures++;
        bool isOfSocket = exception is EventManagerException or ObjectDisposedException;
        if ((!isOfSocket || place.TryExcuse()) && TryGoOn(listener))
        {
            return;
        }

        listener.Dispose();
        if (listener.Connections.Count > 0)
        {
            _failed.Add((place.Option, listener));
        }

        place.Fail(exception.Message);
        errors.Write(ConsoleText.ListenerFailed(place.Option, place.Known.ToString(), exception.Message));
        TryLater(place);
    }

    /// <summary>Ends all listeners, with their connections.</summary>
    /// <returns>Tasks that complete when all arrived metrics are received, and when the last admin client has its answers.</returns>
    public (Task Metrics, Task Admin) EndAll()
    {
        _hasEnded = true;
        _places.ForEach(place => place.StopTrying());
        _endings.AddRange(All.Concat(_failed).Select(entry => (entry.Option, entry.Listener.End())));
        ILookup<bool, Task> byAdmin = _endings.ToLookup(
            entry => string.Equals(entry.Option, OptionTable.Admin, StringComparison.Ordinal), entry => entry.Ending);
        return (Task.WhenAll(byAdmin[false]), Task.WhenAll(byAdmin[true]));
    }

    private bool TryGoOn(Listener listener)
    {
        try
        {
            manager.AddSubscriber(listener);
            return true;
        }
        catch (Exception exception) when (exception is EventManagerException or ObjectDisposedException)
        {
            return false;
        }
    }

    private void TryLater(ListenerPlace place)
    {
        try
        {
            place.Retry = manager.CreateTimerEvent(place.NextDelay(), (_, _) => TryAgain(place));
        }
        catch (EventManagerException exception)
        {
            // No timer can be created to try again. A reload opens it.
            errors.Write(ConsoleText.ListenerFailed(place.Option, place.Known.ToString(), exception.Message));
        }
    }

    private void TryAgain(ListenerPlace place)
    {
        try
        {
            place.Listener = Open(place.Kind, place.Known, leaving: []);
            errors.Write(ConsoleText.ListenerBack(place.Option, place.Listener.Place));
        }
        catch (Exception exception)
        {
            place.Fail(exception.Message);
            TryLater(place);
        }
    }

    // New listeners are opened while the old ones are open, so that no client is refused in between, and nothing is lost if one fails.
    private ListenerPlace[] OpenBeside(ListenerPlace[] leaving, ListenerPlace[] wanted)
    {
        List<ListenerPlace> opened = [];
        List<(ListenerPlace Place, ListenException Reason)> unknown = [];
        IEnumerable<Listener> leavingListeners = leaving.Select(place => place.Listener).OfType<Listener>();
        Socket[] leavingSockets = [.. leavingListeners.Where(listener => listener.IsOpen).Select(listener => listener.Socket)];
        try
        {
            foreach (ListenerPlace place in wanted)
            {
                try
                {
                    RequireUnlike(place, opened);
                    place.Listener = Open(place.Kind, place.Address, leavingSockets);
                    opened.Add(place);
                }
                catch (ListenException exception) when (place.Address.IsOfName && exception.IsAddressUnknown)
                {
                    // On many machines localhost has an IPv6 address although no interface has one.
                    unknown.Add((place, exception));
                }
            }

            foreach ((ListenerPlace place, ListenException reason) in unknown)
            {
                if (!opened.Any(other => other.Kind == place.Kind))
                {
                    throw reason;
                }
            }

            return [.. opened];
        }
        catch
        {
            opened.ForEach(place => place.Listener!.Close(manager));
            throw;
        }
    }

    private Listener Open(ListenerKind kind, ListenAddress address, IReadOnlyList<Socket> leaving)
    {
        BoundSocket bound = kind.Open(address, leaving);
        Listener? listener = null;
        try
        {
            listener = kind.Serve(bound);
            manager.AddSubscriber(listener);
            return listener;
        }
        catch
        {
            bound.Dispose();
            listener?.Dispose();
            throw;
        }
    }

    // Beside an old listener with the same address, the kernel would have let two new ones in.
    private static void RequireUnlike(ListenerPlace wanted, IEnumerable<ListenerPlace> others)
    {
        if (others.Any(other => other.Listener!.Socket is { LocalEndPoint: IPEndPoint bound } socket
            && socket.SocketType == wanted.Kind.Type
            && wanted.Address.Overlaps(bound, other.Address.IsDual)))
        {
            throw new ListenException(wanted.Option, wanted.Address.ToString(), "another listener of the same configuration has it");
        }
    }
}

/// <summary>Listeners that are open and not yet in effect.</summary>
/// <param name="Leaving">The listeners that end when the change is made.</param>
/// <param name="Places">All listeners after the change.</param>
internal sealed record ListenerChange(IReadOnlyList<ListenerPlace> Leaving, IReadOnlyList<ListenerPlace> Places);
