namespace Vigil.Testing;

/// <summary>The signals of a world's process: every loop of the world is in it. The machine's own signals have no effect here.</summary>
public sealed class WorldSignals
{
    private readonly World _world;

    // In the order of their subscription, which is the order of delivery.
    private readonly Dictionary<Signal, List<Subscriber>> _subscribers = [];

    internal WorldSignals(World world) => _world = world;

    /// <summary>Sends the process a signal, as <c>kill(2)</c> of another process does.</summary>
    /// <param name="signal">The signal.</param>
    /// <returns>Whether a loop handles it. If none does, nothing happens: the world has no default actions.</returns>
    /// <exception cref="ArgumentException"><paramref name="signal"/> is <c>default</c>.</exception>
    public bool Send(Signal signal) => Send(new SignalInfo(signal) { Code = 0, SenderProcessId = 1, SenderUserId = 0 });

    /// <summary>Sends the process a signal with what is known of its sender.</summary>
    /// <param name="info">The signal.</param>
    /// <returns>As for <see cref="Send(Signal)"/>.</returns>
    /// <exception cref="ArgumentException">Its signal is <c>default</c>.</exception>
    public bool Send(SignalInfo info)
    {
        _world.RequireThread();
        if (info.Signal == default)
        {
            throw new ArgumentException("This is no signal: default(Signal) names none.", nameof(info));
        }

        _world.History.Add(HistoryKind.Signal, subject: null, info.Signal.Number);
        if (!_subscribers.TryGetValue(info.Signal, out List<Subscriber>? subscribers) || subscribers.Count == 0)
        {
            return false;
        }

        _world.NoteActivity();
        foreach (Subscriber subscriber in subscribers)
        {
            subscriber.Arrived(info);
        }

        return true;
    }

    internal void Add(IVirtualSignals loop, Signal signal, Action<SignalInfo> arrived)
    {
        if (!_subscribers.TryGetValue(signal, out List<Subscriber>? subscribers))
        {
            _subscribers.Add(signal, subscribers = []);
        }

        subscribers.Add(new Subscriber(loop, arrived));
    }

    internal void Remove(IVirtualSignals loop, Signal signal) => _subscribers[signal].RemoveAll(subscriber => subscriber.Loop == loop);

    private sealed record Subscriber(IVirtualSignals Loop, Action<SignalInfo> Arrived);
}
