using Vigil.IO;

namespace Vigil;

/// <summary>Where the signals of a loop come from. They arrive in its inbox. For the holder of the loop's claim.</summary>
internal abstract class SignalOrigin
{
    /// <summary>Whether a loop must have a source for a route, in which it reads them.</summary>
    public static bool HasSource(SignalRoute route) => route == SignalRoute.SignalFd;

    /// <summary>The descriptor to read, if a route has one. Another one, if foreign code closed the last one's number.</summary>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public abstract FdHandle Descriptor { get; }

    /// <summary>Subscribes the inbox to a signal.</summary>
    /// <exception cref="EventManagerException">The signal cannot be handled, or the kernel refused.</exception>
    public abstract SignalRoute Subscribe(Signal signal);

    /// <summary>Ends <see cref="Subscribe"/>.</summary>
    public abstract void Unsubscribe(Signal signal);

    /// <summary>Reads some of the pending signals into the inboxes. Returns an errno.</summary>
    public abstract int Read();
}
