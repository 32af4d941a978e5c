using System.ComponentModel;
using System.Runtime.InteropServices;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Threading;

namespace Vigil;

/// <summary>
/// The process's signals, and the managers that handle them. A signal belongs to the process, not to a loop: the thread that takes it
/// passes it to every manager that handles it.
/// </summary>
/// <remarks>
/// <para>On the path of <c>signalfd</c> there is one descriptor for all signals and all managers. Each manager that handles one of them
/// monitors it, level-triggered; the first loop to come reads, and posts the signals to every inbox concerned. Reading and posting are
/// under one lock, so every manager sees the kernel's order, and a busy loop does not delay signals of others.</para>
/// <para>On the runtime's path a registration for each signal does the same on one of the runtime's threads. Its handler cancels the
/// default action, except for the signals whose default the runtime itself performs and needs: SIGCHLD, SIGCONT, SIGWINCH.</para>
/// <para>The lock is held while posting to inboxes, which runs no foreign code. It is not held while the runtime adds or removes a
/// handler. So a registration may exist briefly before and after its route. One that is not its route's does nothing, and
/// leaves the signal to its default action, as if it had arrived before the first event or after the last.</para>
/// </remarks>
internal static class SignalHub
{
    private const int InfosAtOnce = 32;

    private static readonly Lock Gate = new();
    private static readonly SignalSubscription?[] Routes = new SignalSubscription?[65];
    private static FdHandle? _fd;

    // The signals that have a route on this path, and those that the descriptor reads: the same, unless the kernel refused to shrink the
    // set.
    private static ulong _wantedSignals;
    private static ulong _signalsOfFd;

    /// <summary>Subscribes a manager's inbox to a signal. Its default action is off while it has a subscriber.</summary>
    /// <exception cref="EventManagerException">The signal cannot be handled, or the kernel refused.</exception>
    public static SignalRoute Subscribe(Signal signal, SignalInbox inbox)
    {
        using (Uninterrupted.Enter(Gate))
        {
            if (Routes[signal.Number] is { } known)
            {
                known.Inboxes.Add(inbox);
                return known.Route;
            }
        }

        // Outside of the lock, since it reads the state of every thread, and other loops' signals must not wait for that.
        var created = new SignalSubscription(signal, SignalRules.RouteOf(signal));
        created.Registration = created.Route == SignalRoute.Runtime ? Register(signal, context => OnRuntimeSignal(created, context)) : null;
        SignalSubscription? route = null;
        try
        {
            using (Uninterrupted.Enter(Gate))
            {
                route = Routes[signal.Number];
                if (route is null)
                {
                    if (created.Route == SignalRoute.SignalFd)
                    {
                        OpenDescriptor(_wantedSignals | SignalStatus.BitOf(signal));
                    }

                    Routes[signal.Number] = route = created;
                }

                route.Inboxes.Add(inbox);
            }
        }
        finally
        {
            if (route != created)
            {
                created.Registration?.Dispose();
            }
        }

        SignalNets.HandOver(signal);
        return route.Route;
    }

    /// <summary>Ends <see cref="Subscribe"/>. After the last one the signal does what it did before the first.</summary>
    public static void Unsubscribe(Signal signal, SignalInbox inbox)
    {
        SignalSubscription route;
        using (Uninterrupted.Enter(Gate))
        {
            route = Routes[signal.Number]!;
            route.Inboxes.Remove(inbox);
            if (route.Inboxes.Count > 0)
            {
                return;
            }

            Routes[signal.Number] = null;
            if (route.Route == SignalRoute.SignalFd)
            {
                _wantedSignals &= ~SignalStatus.BitOf(signal);
                ShrinkDescriptor();
            }
        }

        route.Registration?.Dispose();
    }

    /// <summary>
    /// The descriptor for managers to monitor that have subscribed to a signal on the path of <c>signalfd</c>. Another one, if foreign code
    /// closed the last one's number.
    /// </summary>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public static FdHandle Descriptor
    {
        get
        {
            using (Uninterrupted.Enter(Gate))
            {
                if (_fd!.IsClosed)
                {
                    OpenDescriptor(_wantedSignals);
                }

                return _fd;
            }
        }
    }

    /// <summary>
    /// Reads some of the pending signals, and posts them. After true, signals that are left make the descriptor ready again.
    /// </summary>
    /// <param name="errno">Why nothing could be read; 0 or EAGAIN if that is no failure.</param>
    public static unsafe bool ReadPending(out int errno)
    {
        errno = Errno.Success;
        SignalFdInfo* infos = stackalloc SignalFdInfo[InfosAtOnce];
        using (Uninterrupted.Enter(Gate))
        {
            if (_fd is null)
            {
                return false;
            }

            ShrinkDescriptor();
            var buffer = new Span<byte>(infos, InfosAtOnce * SignalNative.InfoSize);
            IOResult read = NonBlocking.TryRead(_fd, buffer);
            errno = read.Errno;
            for (int i = 0; i < read.Count / SignalNative.InfoSize; i++)
            {
                Post(Translate(in infos[i]));
            }

            return read.Count == buffer.Length;
        }
    }

    /// <summary>
    /// A signal bypassed the <c>signalfd</c>, since a thread had to have it unblocked briefly. Returns the path of its handlers, and null
    /// without handlers. On the runtime's path the route's own registration receives the same signal, and posts it.
    /// </summary>
    public static SignalRoute? PostPastDescriptor(Signal signal)
    {
        using (Uninterrupted.Enter(Gate))
        {
            SignalRoute? path = Routes[signal.Number]?.Route;
            if (path == SignalRoute.SignalFd)
            {
                Post(new SignalInfo(signal));
            }

            return path;
        }
    }

    /// <summary>Whether a signal has a handler at this moment, on the path of <c>signalfd</c>.</summary>
    public static bool IsHandled(Signal signal)
    {
        using (Uninterrupted.Enter(Gate))
        {
            return Routes[signal.Number]?.Route == SignalRoute.SignalFd;
        }
    }

    /// <summary>Registers a handler for a signal with the runtime.</summary>
    /// <exception cref="EventManagerException">The runtime refused.</exception>
    public static PosixSignalRegistration Register(Signal signal, Action<PosixSignalContext> handler)
    {
        try
        {
            return PosixSignalRegistration.Create((PosixSignal)signal.Number, handler);
        }
        catch (TypeInitializationException exception)
        {
            // The first registration makes a pipe and a thread. If that fails, it fails for good.
            throw new EventManagerException(
                $"The runtime could not begin to handle signals, and does not try again: {exception.InnerException?.Message} "
                    + "Create the first signal event before descriptors or threads run short.",
                exception);
        }
        catch (Exception exception) when (exception is IOException or Win32Exception)
        {
            throw new EventManagerException($"The runtime refused to handle {signal}: {exception.Message}", exception);
        }
    }

    private static void Post(SignalInfo info)
    {
        if (Routes[info.Signal.Number] is { } route)
        {
            foreach (SignalInbox inbox in route.Inboxes)
            {
                inbox.Post(in info);
            }
        }
    }

    // Sets the signals that the descriptor reads. If the kernel refuses, the descriptor is unchanged.
    private static void OpenDescriptor(ulong signals)
    {
        bool isOpen = _fd is { IsClosed: false };
        int fd = SignalNative.SignalFd(isOpen ? _fd!.Number : -1, signals, out int errno);
        _ = FdHandle.Created(fd, errno, "signalfd");
        _fd = isOpen ? _fd : new FdHandle(fd);
        _signalsOfFd = _wantedSignals = signals;
    }

    // A signal without handlers must stay pending, and not be read. If the kernel refuses, which it has no reason to, this is
    // tried again before each read.
    private static void ShrinkDescriptor()
    {
        if (_wantedSignals == 0)
        {
            _fd!.Dispose();
            _fd = null;
            _signalsOfFd = 0;
        }
        else if (_wantedSignals != _signalsOfFd && !_fd!.IsClosed && SignalNative.SignalFd(_fd.Number, _wantedSignals, out _) >= 0)
        {
            _signalsOfFd = _wantedSignals;
        }
    }

    private static void OnRuntimeSignal(SignalSubscription route, PosixSignalContext context)
    {
        Signal signal = route.Signal;
        using (Uninterrupted.Enter(Gate))
        {
            if (Routes[signal.Number] != route)
            {
                return;
            }

            Post(new SignalInfo(signal));
        }

        if (signal != Signal.SIGCHLD && signal != Signal.SIGCONT && signal != Signal.SIGWINCH)
        {
            context.Cancel = true;
        }
    }

    // The sender determines which fields are filled in (sigaction(2), "The siginfo_t argument to a SA_SIGINFO handler").
    private static SignalInfo Translate(in SignalFdInfo info)
    {
        bool isByProcess =
            info.Code is SignalNative.SI_USER or SignalNative.SI_QUEUE or SignalNative.SI_MESGQ or SignalNative.SI_TKILL
            || info.Number == Signal.SIGCHLD.Number;
        bool hasValue = info.Code is SignalNative.SI_QUEUE or SignalNative.SI_TIMER or SignalNative.SI_MESGQ;
        return new SignalInfo(new Signal((int)info.Number))
        {
            Code = info.Code,
            SenderProcessId = isByProcess ? (int)info.ProcessId : null,
            SenderUserId = isByProcess ? info.UserId : null,
            Value = hasValue ? info.Value : null,
        };
    }
}
