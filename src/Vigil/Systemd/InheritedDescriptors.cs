using System.Net.Sockets;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// The descriptors that the service manager has passed to the program: sockets that it has opened for the service (socket activation,
/// <c>systemd.socket(5)</c>), and descriptors that the service's last process has stored (<c>sd_listen_fds(3)</c>, docs/systemd.md).
/// </summary>
/// <remarks>
/// <para>Any thread may use it; each descriptor is taken once. Those that nobody has taken are closed by <see cref="Dispose"/>:
/// <see cref="Unclaimed"/> says which. A socket that is closed here stays open in the service manager, so its clients wait.</para>
/// <para>Names are not unique: several sockets of one unit have the same.</para>
/// </remarks>
public sealed class InheritedDescriptors : IDisposable
{
    /// <summary>The number of the first passed descriptor (SD_LISTEN_FDS_START).</summary>
    public const int FirstNumber = 3;

    private const string Unnamed = "unknown";

    private InheritedDescriptors(IReadOnlyList<InheritedDescriptor> all, string? notTaken) => (All, NotTakenBecause) = (all, notTaken);

    /// <summary>All of them, in the order of their numbers.</summary>
    public IReadOnlyList<InheritedDescriptor> All { get; }

    /// <summary>
    /// Why there are none although variables of the environment speak of some: these are for another process
    /// (<c>LISTEN_PID</c>). Null otherwise.
    /// </summary>
    public string? NotTakenBecause { get; }

    /// <summary>Those that nobody has taken yet.</summary>
    public IReadOnlyList<InheritedDescriptor> Unclaimed => [.. All.Where(descriptor => !descriptor.IsTaken)];

    /// <summary>
    /// Takes over the passed descriptors: <c>LISTEN_FDS</c> of them from number 3 on, if <c>LISTEN_PID</c> is this process, named as
    /// <c>LISTEN_FDNAMES</c> says. All are close-on-exec then, and the variables are removed, so that no child takes them for its own: a
    /// second call gets none.
    /// </summary>
    /// <remarks>Call it at the beginning of the program, before a child is started, and before other threads read the environment in C code
    /// (<c>unsetenv(3)</c>).</remarks>
    /// <returns>The descriptors, of which there may be none.</returns>
    /// <exception cref="EventManagerException">
    /// A variable cannot be used, or a descriptor is not open or was not inherited (<see cref="EventManagerError.InvalidEnvironment"/>,
    /// <see cref="EventManagerException.Fd"/>). Nothing has changed.
    /// </exception>
    public static InheritedDescriptors Take() => TakeFrom(FirstNumber);

    /// <summary>As <see cref="Take()"/>, from another number on. For tests.</summary>
    internal static InheritedDescriptors TakeFrom(int first)
    {
        int count = ReadCount(out string? notTaken);
        for (int fd = first; fd - first < count; fd++)
        {
            RequireInherited(fd);
        }

        string[] names = ReadNames(count);
        FileIdentity[] identities = [.. Enumerable.Range(first, count).Select(Identify)];
        SetCloseOnExec(first, count);
        StarterVariables.Clear(StarterVariables.OfDescriptors);
        return new InheritedDescriptors(
            [.. identities.Select((identity, i) => new InheritedDescriptor(new FdHandle(first + i), names[i], identity))], notTaken);
    }

    /// <summary>Takes the one descriptor of a name, whatever it is. The caller owns it.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="InvalidOperationException">There is none that is not taken, or more than one; the message lists what there is.
    /// Nothing was taken.</exception>
    public FdHandle Take(string name) => One(name, Of(name, static _ => true, "descriptor")).Take();

    /// <summary>Takes all descriptors of a name, whatever they are. The caller owns them.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Those that were not taken before; there may be none.</returns>
    public FdHandle[] TakeAll(string name) => [.. Of(name, static _ => true, "descriptor").Select(descriptor => descriptor.Take())];

    /// <summary>Takes the one listening socket of a name, in non-blocking mode. The caller owns it.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="InvalidOperationException">There is none that is not taken, or more than one, or one is no listening socket; the
    /// message lists what there is. Nothing was taken.</exception>
    public Socket TakeListener(string name) => One(name, Listeners(name)).TakeSocket();

    /// <summary>Takes all listening sockets of a name, in non-blocking mode. The caller owns them.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Those that were not taken before; there may be none.</returns>
    /// <exception cref="InvalidOperationException">One of that name is no listening socket; nothing was taken.</exception>
    public Socket[] TakeListeners(string name) => [.. Listeners(name).Select(descriptor => descriptor.TakeSocket())];

    /// <summary>Takes the one datagram socket of a name, in non-blocking mode. The caller owns it.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="InvalidOperationException">There is none that is not taken, or more than one, or one is no datagram socket; the
    /// message lists what there is. Nothing was taken.</exception>
    public Socket TakeDatagramSocket(string name) => One(name, DatagramSockets(name)).TakeSocket();

    /// <summary>Takes all datagram sockets of a name, in non-blocking mode. The caller owns them.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Those that were not taken before; there may be none.</returns>
    /// <exception cref="InvalidOperationException">One of that name is no datagram socket; nothing was taken.</exception>
    public Socket[] TakeDatagramSockets(string name) => [.. DatagramSockets(name).Select(descriptor => descriptor.TakeSocket())];

    /// <summary>Closes those that nobody has taken.</summary>
    public void Dispose()
    {
        foreach (InheritedDescriptor descriptor in All)
        {
            descriptor.CloseUnlessTaken();
        }
    }

    private InheritedDescriptor[] Listeners(string name) => Of(name, static descriptor => descriptor.IsListening, "listening socket");

    private InheritedDescriptor[] DatagramSockets(string name) =>
        Of(name, static descriptor => descriptor.SocketType == SocketType.Dgram, "datagram socket");

    private InheritedDescriptor[] Of(string name, Func<InheritedDescriptor, bool> isOfKind, string kind)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        InheritedDescriptor[] found =
            [.. All.Where(descriptor => !descriptor.IsTaken && string.Equals(descriptor.Name, name, StringComparison.Ordinal))];
        return Array.Find(found, descriptor => !isOfKind(descriptor)) is { } other
            ? throw new InvalidOperationException($"The inherited {other} is no {kind}.")
            : found;
    }

    private InheritedDescriptor One(string name, InheritedDescriptor[] found) => found switch
    {
        [var one] => one,
        [] => throw new InvalidOperationException(
            $"No inherited descriptor has the name \"{name}\", or it is taken. {(NotTakenBecause is { } reason ? $"{reason}. " : "")}"
                + $"Inherited and not taken: {Listed(Unclaimed)}."),
        _ => throw new InvalidOperationException(
            $"{found.Length} inherited descriptors have the name \"{name}\": {Listed(found)}. Take all of them."),
    };

    private static string Listed(IReadOnlyCollection<InheritedDescriptor> descriptors) =>
        descriptors.Count == 0 ? "none" : string.Join(", ", descriptors);

    private static int ReadCount(out string? notTaken)
    {
        notTaken = null;
        if (StarterVariables.Read(StarterVariables.ListenCount) is not { } text)
        {
            return 0;
        }

        if (StarterVariables.Read(StarterVariables.ListenProcess) is not { } process)
        {
            notTaken = $"{StarterVariables.ListenCount}={text} is set without {StarterVariables.ListenProcess}";
            return 0;
        }

        if (StarterVariables.ProcessIdOf(StarterVariables.ListenProcess, process) != Environment.ProcessId)
        {
            notTaken = $"{StarterVariables.ListenProcess}={process} is another process; this one is {Environment.ProcessId}";
            return 0;
        }

        const int Most = int.MaxValue - FirstNumber;
        return StarterVariables.TryParse(text, Most, out long count)
            ? (int)count
            : throw StarterVariables.Invalid(StarterVariables.ListenCount, text, $"a number of descriptors is 0 to {Most}");
    }

    private static string[] ReadNames(int count)
    {
        if (count == 0)
        {
            return [];
        }

        if (StarterVariables.Read(StarterVariables.ListenNames) is not { } text)
        {
            return [.. Enumerable.Repeat(Unnamed, count)];
        }

        string[] names = text.Split(':');
        return names.Length == count
            ? Array.ConvertAll(names, name => name is "" ? Unnamed : name)
            : throw StarterVariables.Invalid(
                StarterVariables.ListenNames,
                text,
                $"it has {names.Length} names, separated by colons, and {StarterVariables.ListenCount}={count}");
    }

    // What this program has opened itself is close-on-exec; what was passed is not, or it would not have been passed.
    private static void RequireInherited(int fd)
    {
        int errno = FileNative.IsInheritable(fd, out bool isInheritable);
        if (errno != Errno.Success)
        {
            throw Refused(fd, "it is not open", errno);
        }

        if (!isInheritable)
        {
            throw StarterVariables.Invalid(
                StarterVariables.ListenCount,
                StarterVariables.Read(StarterVariables.ListenCount)!,
                $"fd {fd} was not passed: this program has opened it itself, since it is close-on-exec",
                fd);
        }
    }

    private static FileIdentity Identify(int fd)
    {
        int errno = SocketNative.KindOf(fd, out int type, out bool isListening);
        if (errno == Errno.ENOTSOCK)
        {
            return default;
        }

        Span<byte> address = stackalloc byte[PeerName.MaxSize];
        int size = 0;
        errno = errno == Errno.Success ? SocketNative.NameOf(fd, address, out size) : errno;

        // The kernel's numbers are the runtime's.
        return errno == Errno.Success
            ? new FileIdentity((SocketType)type, isListening, PeerName.Parse(address[..size]))
            : throw Refused(fd, "what it is is not known", errno);
    }

    private static void SetCloseOnExec(int first, int count)
    {
        for (int i = 0; i < count; i++)
        {
            int errno = FileNative.SetInheritable(first + i, isInheritable: false);
            if (errno != Errno.Success)
            {
                for (int done = 0; done < i; done++)
                {
                    _ = FileNative.SetInheritable(first + done, isInheritable: true);
                }

                throw Refused(first + i, "it cannot be made close-on-exec", errno);
            }
        }
    }

    private static EventManagerException Refused(int fd, string reason, int errno) => StarterVariables.Invalid(
        StarterVariables.ListenCount,
        StarterVariables.Read(StarterVariables.ListenCount) ?? "",
        $"fd {fd}: {reason}: {Errno.Describe(errno)}",
        fd,
        errno);
}
