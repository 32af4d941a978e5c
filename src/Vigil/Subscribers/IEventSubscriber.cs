namespace Vigil;

/// <summary>Owns an interest list of file descriptors and handles their events. Always called on the loop's thread.</summary>
/// <remarks>
/// The same object may be added to a manager more than once; each time it gets its own id and interest list. An object shared between
/// managers is called by several threads and must handle that itself. A subscriber that is <see cref="IDisposable"/> is disposed with the
/// manager that still owns it.
/// </remarks>
public interface IEventSubscriber
{
    /// <summary>Registers the subscriber's initial interest. If it throws, the subscriber and its registrations are removed.</summary>
    /// <param name="ops">The subscriber's interest list, valid during the call.</param>
    void Initialize(EventOps ops);

    /// <summary>
    /// Handles what is ready. It may change the interest list, and everything else through <see cref="EventManager.Current"/>.
    /// </summary>
    /// <param name="events">The fd, what is ready, and the newest registered data. By reference: copying 24 bytes costs more than the whole
    /// dispatch.</param>
    /// <param name="ops">The subscriber's interest list, valid during the call.</param>
    void Process(in Events events, EventOps ops);
}
