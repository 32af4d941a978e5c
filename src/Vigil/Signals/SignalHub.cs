using System.ComponentModel;
using System.Runtime.InteropServices;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Signals;

/// <summary>
/// The process's signals, and the managers that they go to. A signal belongs to the process, not to a loop: whoever takes it hands
/// it to every manager that handles it.
/// </summary>
/// <remarks>
/// <para>On the path of <c>signalfd</c> there is one descriptor for all signals and all managers. Each manager that handles one of them watches it,
/// level-triggered; whichever loop comes first reads, and posts what it read to every inbox concerned. Reading and posting is under one lock, so
/// every manager sees the kernel's order, and a loop that is busy holds up nobody else's signals.</para>
/// <para>On the runtime's path a registration a signal does the same on a thread of the runtime's. Its handler cancels the default action,
/// except of the signals whose default the runtime itself performs and needs: SIGCHLD, SIGCONT, SIGWINCH.</para>
/// <para>The lock is held while inboxes are posted to, which runs no foreign code.</para>
/// </remarks>
internal static class SignalHub
{
    private const int InfosAtOnce = 32;

    private static readonly Lock Gate = new();
    private static readonly SignalRoute?[] Routes = new SignalRoute?[65];
    private static FdHandle? _fd;
    private static ulong _signalsOfFd;

    /// <summary>Lets a manager's inbox have a signal from now on; its default action is off until nobody has it any more.</summary>
    /// <exception cref="EventManagerException">The signal is not to be had, or the kernel refused.</exception>
    public static SignalPath Subscribe(Signal signal, SignalInbox inbox)
    {
        lock (Gate)
        {
            if (Routes[signal.Number] is { } known)
            {
                known.Inboxes.Add(inbox);
                return known.Path;
            }
        }

        // Outside of the lock, since it reads the state of every thread, and other loops' signals must not wait for that.
        SignalPath path = SignalRules.PathOf(signal);
        lock (Gate)
        {
            SignalRoute route = Routes[signal.Number] ??= Open(signal, path);
            route.Inboxes.Add(inbox);
            path = route.Path;
        }

        SignalNets.HandOver(signal);
        return path;
    }

    /// <summary>Ends <see cref="Subscribe"/>. After the last one the signal does what it did before the first.</summary>
    public static void Unsubscribe(Signal signal, SignalInbox inbox)
    {
        lock (Gate)
        {
            SignalRoute route = Routes[signal.Number]!;
            route.Inboxes.Remove(inbox);
            if (route.Inboxes.Count == 0)
            {
                Routes[signal.Number] = null;
                Close(route);
            }
        }
    }

    /// <summary>What managers watch that have subscribed to a signal on the path of <c>signalfd</c>.</summary>
    public static FdHandle Descriptor
    {
        get
        {
            lock (Gate)
            {
                return _fd!;
            }
        }
    }

    /// <summary>Reads some of the signals that are pending, and posts them. What is left, if this is true, makes the descriptor ready again.</summary>
    public static unsafe bool ReadPending()
    {
        SignalFdInfo* infos = stackalloc SignalFdInfo[InfosAtOnce];
        lock (Gate)
        {
            if (_fd is null)
            {
                return false;
            }

            var buffer = new Span<byte>(infos, InfosAtOnce * SignalNative.InfoSize);
            IOResult read = NonBlocking.TryRead(_fd, buffer);
            for (int i = 0; i < read.Count / SignalNative.InfoSize; i++)
            {
                Post(Translate(in infos[i]));
            }

            return read.Count == buffer.Length;
        }
    }

    /// <summary>
    /// A signal came past the <c>signalfd</c>, since a thread had to have it unblocked for a moment. Returns the path of those who handle it, and
    /// null where nobody does. On the runtime's path the route's own registration hears of the same signal, and posts it.
    /// </summary>
    public static SignalPath? PostPastDescriptor(Signal signal)
    {
        lock (Gate)
        {
            SignalPath? path = Routes[signal.Number]?.Path;
            if (path == SignalPath.SignalFd)
            {
                Post(new SignalInfo(signal));
            }

            return path;
        }
    }

    /// <summary>Whether somebody handles a signal at this moment, on the path of <c>signalfd</c>.</summary>
    public static bool IsHandled(Signal signal)
    {
        lock (Gate)
        {
            return Routes[signal.Number]?.Path == SignalPath.SignalFd;
        }
    }

    /// <summary>Handles a signal by the runtime.</summary>
    /// <exception cref="EventManagerException">The runtime refused.</exception>
    public static PosixSignalRegistration Register(Signal signal, Action<PosixSignalContext> handler)
    {
        try
        {
            return PosixSignalRegistration.Create((PosixSignal)signal.Number, handler);
        }
        catch (TypeInitializationException exception)
        {
            // Its first registration of all makes a pipe and a thread. What fails then fails for good.
            throw new EventManagerException(
                $"The runtime could not begin to handle signals, and does not try again: {exception.InnerException?.Message} Create the first signal event before descriptors or threads run short.", exception);
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

    private static SignalRoute Open(Signal signal, SignalPath path)
    {
        var route = new SignalRoute(signal, path);
        if (route.Path == SignalPath.SignalFd)
        {
            SetDescriptor(_signalsOfFd | SignalStatus.BitOf(signal));
            return route;
        }

        route.Registration = Register(signal, OnRuntimeSignal);
        return route;
    }

    private static void Close(SignalRoute route)
    {
        route.Registration?.Dispose();
        if (route.Path == SignalPath.SignalFd)
        {
            SetDescriptor(_signalsOfFd & ~SignalStatus.BitOf(route.Signal));
        }
    }

    private static void SetDescriptor(ulong signals)
    {
        if (signals == 0)
        {
            _fd!.Dispose();
            _fd = null;
        }
        else
        {
            int fd = SignalNative.SignalFd(_fd is null ? -1 : (int)_fd.DangerousGetHandle(), signals, out int errno);
            _fd ??= new FdHandle(FdHandle.Created(fd, errno, "signalfd"));
        }

        _signalsOfFd = signals;
    }

    private static void OnRuntimeSignal(PosixSignalContext context)
    {
        Signal signal = context.Signal;
        context.Cancel = signal != Signal.SIGCHLD && signal != Signal.SIGCONT && signal != Signal.SIGWINCH;
        lock (Gate)
        {
            Post(new SignalInfo(signal));
        }
    }

    // Which fields are filled in depends on who sent the signal (sigaction(2), "The siginfo_t argument to a SA_SIGINFO handler").
    private static SignalInfo Translate(in SignalFdInfo info)
    {
        const int SI_QUEUE = -1;
        const int SI_TIMER = -2;
        const int SI_MESGQ = -3;
        const int SI_USER = 0;
        const int SI_TKILL = -6;
        bool isByProcess = info.Code is SI_USER or SI_QUEUE or SI_MESGQ or SI_TKILL || info.Number == Signal.SIGCHLD.Number;
        bool hasValue = info.Code is SI_QUEUE or SI_TIMER or SI_MESGQ;
        return new SignalInfo(new Signal((int)info.Number))
        {
            Code = info.Code,
            SenderProcessId = isByProcess ? (int)info.ProcessId : null,
            SenderUserId = isByProcess ? info.UserId : null,
            Value = hasValue ? info.Value : null,
        };
    }
}
