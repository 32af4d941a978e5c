using Vigil.Recording;

namespace Vigil;

/// <summary>
/// A way into a loop for other threads, whose values are a part of the recording: a replay delivers them at the same place, without those
/// threads. Other posts (<see cref="RemoteEndpoint"/>) are replayed only where the program itself sends them from the loop.
/// </summary>
/// <typeparam name="T">The type of the values.</typeparam>
public sealed class RecordedInput<T>
{
    private readonly EventManager _manager;
    private readonly RecordingSession? _session;
    private readonly string _name;
    private readonly Func<T, byte[]> _serialize;
    private readonly Action<T> _handler;

    /// <summary>Creates it. On the loop's thread, or before the first run.</summary>
    /// <param name="manager">The loop.</param>
    /// <param name="recorder">The manager's recorder; null if it has none, in which case values are just posted.</param>
    /// <param name="name">
    /// Its name in the recording: valid Unicode of 1,024 bytes at most. One recorder has each name once.
    /// </param>
    /// <param name="serialize">Makes bytes of a value. Called on the loop's thread, and only if traffic is recorded.</param>
    /// <param name="deserialize">Makes a value of bytes, in a replay.</param>
    /// <param name="handler">What is done with a value, on the loop's thread. Its exceptions go to the loop's fault policy.</param>
    /// <exception cref="ArgumentException">
    /// The name is empty, too long, invalid, taken, or begins with "vigil:"; or the recorder is not the manager's.
    /// </exception>
    public RecordedInput(
        EventManager manager, Recorder? recorder, string name, Func<T, byte[]> serialize, Func<byte[], T> deserialize, Action<T> handler)
    {
        ArgumentNullException.ThrowIfNull(manager);
        RecordingSession.RequireName(name, nameof(name));
        if (name.StartsWith(RecordingSession.OwnPrefix, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The names of inputs that begin with {RecordingSession.OwnPrefix} are the recorder's own.", nameof(name));
        }

        ArgumentNullException.ThrowIfNull(serialize);
        ArgumentNullException.ThrowIfNull(deserialize);
        ArgumentNullException.ThrowIfNull(handler);
        if (manager.RemoteEndpoint.Recording != recorder?.Session)
        {
            throw new ArgumentException(
                "An input is recorded by the recorder of its own manager (EventManagerOptions.Recorder).", nameof(recorder));
        }

        _manager = manager;
        _session = recorder?.Session;
        _name = name;
        _serialize = serialize;
        _handler = handler;
        _session?.AddInput(name, bytes =>
        {
            handler(deserialize(bytes));
            return 1;
        });
    }

    /// <summary>Hands a value to the loop. Any thread. In a replay it is dropped: the recorded values come instead.</summary>
    /// <param name="value">The value.</param>
    /// <exception cref="ObjectDisposedException">The manager is disposed.</exception>
    /// <exception cref="EventManagerException">The mailbox is full, or the loop could not be woken.</exception>
    public void Post(T value)
    {
        if (_session is not { IsReplay: true })
        {
            _manager.RemoteEndpoint.Fire(static (_, posted) => posted.Input.Deliver(posted.Value), (Input: this, Value: value));
        }
    }

    private void Deliver(T value)
    {
        _session?.OnInput(_name, _session.HasTraffic ? _serialize(value) : []);
        _handler(value);
    }
}
