using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Vigil.Interop;

namespace Vigil.Failures;

/// <summary>A service that tells its manager what it is doing, and what it inherits.</summary>
internal static class SystemdScenarios
{
    // No other file has such a number.
    private const int FirstPassed = 600;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    public static void Notifier(Drive drive)
    {
        Datagrams(drive);
        Connections(drive);
    }

    public static void PassedDescriptors(Drive drive)
    {
        drive.Outside("what the service manager does", () =>
        {
            using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(drive.Directory, "http")));
            listener.Listen();
            using Socket metrics = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            metrics.Bind(new UnixDomainSocketEndPoint(Path.Combine(drive.Directory, "metrics")));
            LibC.Pass((int)listener.Handle, FirstPassed);
            LibC.Pass((int)metrics.Handle, FirstPassed + 1);
            Environment.SetEnvironmentVariable("LISTEN_PID", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            Environment.SetEnvironmentVariable("LISTEN_FDS", "2");
            Environment.SetEnvironmentVariable("LISTEN_FDNAMES", "http:metrics");
        });
        using InheritedDescriptors inherited = drive.Get("TakeFrom", () => InheritedDescriptors.TakeFrom(FirstPassed));
        if (inherited.All.Any(descriptor => descriptor.SocketType is null))
        {
            // What users are told of ENOTSOCK.
            drive.Refuse($"{string.Join(", ", inherited.All)}: errno {Errno.ENOTSOCK}", null);
            return;
        }

        drive.Do("TakeListener", () => inherited.TakeListener("http").Dispose());
        drive.Do("TakeDatagramSocket", () => inherited.TakeDatagramSocket("metrics").Dispose());
        if (inherited.Unclaimed.Count > 0)
        {
            drive.Wrong.Add($"not taken: {string.Join(", ", inherited.Unclaimed)}");
        }
    }

    private static void Datagrams(Drive drive)
    {
        Socket? server = null;
        string path = Path.Combine(drive.Directory, "notify");
        drive.Outside("the service manager", () =>
        {
            server = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            server.Bind(new UnixDomainSocketEndPoint(path));
        });
        ServiceNotifier notifier = drive.Get("new ServiceNotifier", () => new ServiceNotifier(path, Period, storeCapacity: 4));
        notifier.Failed += (_, failure) => drive.Report($"{failure}");
        EventManager manager = drive.Create(new EventManagerOptions { Watchdog = new WatchdogOptions { Notifier = notifier } });
        drive.Do("Ready", () => notifier.Ready());
        drive.Do("StoreDescriptors", () => notifier.StoreDescriptors("server", server!));
        drive.Do("Status", () => notifier.Status("serving"));
        drive.TurnOnce(manager);
        Task<bool> barrier = drive.Get("a barrier", () => notifier.WaitForBarrierAsync(manager, Patience));
        drive.Do("Stopping", () => notifier.Stopping());
        Receive(drive, () => server!, "READY=1", "FDSTORE=1", "BARRIER=1", "STOPPING=1", "WATCHDOG=1", "STATUS=serving");
        drive.Begin("the answer to the barrier");
        long start = Stopwatch.GetTimestamp();
        while (!barrier.IsCompleted && Stopwatch.GetElapsedTime(start) < Patience)
        {
            drive.TurnOnce(manager);
        }

        if (!barrier.IsCompletedSuccessfully)
        {
            drive.Wrong.Add($"the barrier: {barrier.Status} {barrier.Exception}");
        }

        drive.End(manager);
        drive.Do("Dispose of the notifier", notifier.Dispose);
        drive.Outside("the end of the service manager", server!.Dispose);
    }

    // As by vsock, where each message has a connection of its own.
    private static void Connections(Drive drive)
    {
        Socket? server = null;
        NotifyAddress? address = null;
        drive.Outside("another service manager", () =>
        {
            string path = Path.Combine(drive.Directory, "packets");
            server = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
            server.Bind(new UnixDomainSocketEndPoint(path));
            server.Listen();
            NotifyAddress local = NotifyAddress.Parse(path);
            address = new NotifyAddress(path, local.Family, local.Bytes.ToArray(), NotifyNative.SOCK_SEQPACKET);
        });
        NotifyChannel channel = drive.Get("new NotifyChannel", () => new NotifyChannel(address!, failure => drive.Report($"{failure}")));
        drive.Do("READY", () => channel.Send(new NotifyMessage(NotifyMessage.Encode("READY=1"), status: null)));
        drive.Do("STATUS", () => channel.SetStatus("serving"));
        drive.Do("STOPPING", () => channel.Send(new NotifyMessage(NotifyMessage.Encode("STOPPING=1"), status: null)));
        Receive(drive, server!.Accept, "READY=1", "STATUS=serving", "STOPPING=1");
        drive.Do("Dispose of the channel", channel.Dispose);
        drive.Outside("the end of the other service manager", server.Dispose);
    }

    // Until all have come, or it is quiet after a report that one is lost.
    private static void Receive(Drive drive, Func<Socket> next, params string[] wanted) => drive.Outside("it is received", () =>
    {
        HashSet<string> missing = new(wanted, StringComparer.Ordinal);
        byte[] buffer = new byte[4096];
        long start = Stopwatch.GetTimestamp();
        Socket? server = null;
        while (missing.Count > 0 && Stopwatch.GetElapsedTime(start) < (drive.HasReports ? Quiet : Patience))
        {
            server = server is { SocketType: SocketType.Dgram } ? server : TryTake(next);
            if (server?.Poll(Quiet, SelectMode.SelectRead) == true)
            {
                string text = Encoding.UTF8.GetString(buffer, 0, server.Receive(buffer));
                missing.RemoveWhere(name => text.StartsWith(name, StringComparison.Ordinal));
                start = drive.HasReports && text is not "WATCHDOG=1" ? Stopwatch.GetTimestamp() : start;
            }

            if (server is { SocketType: not SocketType.Dgram })
            {
                server.Dispose();
            }
        }

        if (missing.Count > 0 && !drive.HasReports)
        {
            drive.Wrong.Add($"lost, and nothing said so: {string.Join(", ", missing)}");
        }
    });

    private static Socket? TryTake(Func<Socket> next)
    {
        if (next.Target is Socket listener && !listener.Poll(Quiet, SelectMode.SelectRead))
        {
            return null;
        }

        return next();
    }
}
