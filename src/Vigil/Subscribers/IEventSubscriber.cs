namespace Vigil;

/// <summary>
/// Owns a list of file descriptors that it is interested in, and handles their events. Always called on the loop's thread.
/// </summary>
/// <remarks>
/// The same object may be added to a manager more than once; each time it gets an id and an interest list of its own.
/// An object shared between managers is called by several threads, and that is its own responsibility.
/// A subscriber that is <see cref="IDisposable"/> is disposed with the manager that still owns it.
/// </remarks>
public interface IEventSubscriber
{
    /// <summary>Registers the interest that the subscriber begins with. If it throws, nothing is left of it: no subscriber, no registered fd.</summary>
    /// <param name="ops">The door to the subscriber's own interest list, for the time of the call.</param>
    void Initialize(EventOps ops);

    /// <summary>Handles what is ready. May change the interest list, and through <see cref="EventManager.Current"/> everything else.</summary>
    /// <param name="events">The fd, what is ready, and the newest registered data. By reference: copying 24 bytes costs more than all of the dispatch.</param>
    /// <param name="ops">The door to the subscriber's own interest list, for the time of the call.</param>
    void Process(in Events events, EventOps ops);
}
