using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Vigil.IO;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>What a service inherits: variables and descriptors that belong to a whole process.</summary>
internal static partial class SystemdScenarios
{
    private const string Variables =
        "$LISTEN_PID$LISTEN_PIDFDID$LISTEN_FDS$LISTEN_FDNAMES$NOTIFY_SOCKET$WATCHDOG_USEC$WATCHDOG_PID$FDSTORE";

    /// <summary>
    /// Passed descriptors, of which 4 is /dev/zero, are taken once, by name, and no child gets them or the variables, however it is
    /// started.
    /// </summary>
    public static void Inherited(string[] args)
    {
        Check(Run($"test -n \"{Variables}\" && readlink /proc/self/fd/* | grep -q /dev/zero"), "variables or descriptors are not there");
        using var inherited = InheritedDescriptors.Take();
        using var notifier = ServiceNotifier.FromEnvironment();
        string mine = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}");
        Check(inherited.NotTakenBecause is null, inherited.NotTakenBecause ?? "");
        Check(string.Join(' ', inherited.All.Select(fd => fd.ToString())) == string.Join(
            ' ', "fd 3 \"a\" (no socket)", "fd 4 \"b\" (no socket)", "fd 5 \"a\" (no socket)"), string.Join(' ', inherited.All));
        Check(notifier is { IsAvailable: true, Address: "@vigil-nobody", StoreCapacity: 5 }, $"{notifier.Address}");
        Check(notifier.WatchdogPeriod == TimeSpan.FromSeconds(1), $"{notifier.WatchdogPeriod} in {mine}");

        using var again = InheritedDescriptors.Take();
        using var anew = ServiceNotifier.FromEnvironment();
        Check(again.All.Count == 0 && again.NotTakenBecause is null && !anew.IsAvailable, "they can be taken twice");
        Check(Run($"test -z \"{Variables}\""), "a child gets the variables");
        Check(!Run("readlink /proc/self/fd/* | grep -q /dev/zero"), "a child gets a descriptor");

        InvalidOperationException several = Expect<InvalidOperationException>(() => inherited.Take("a"));
        Check(several.Message.StartsWith("2 inherited descriptors have the name \"a\"", StringComparison.Ordinal), several.Message);
        InvalidOperationException none = Expect<InvalidOperationException>(() => inherited.Take("c"));
        Check(none.Message.Contains("Inherited and not taken: fd 3 \"a\"", StringComparison.Ordinal), none.Message);
        Check(
            Expect<InvalidOperationException>(() => inherited.TakeListener("b")).Message.Contains(
                "fd 4 \"b\" (no socket) is no listening socket", StringComparison.Ordinal), "b is a listener");
        Check(inherited.Unclaimed.Count == 3, "a refusal takes something");
        using (FdHandle zero = inherited.Take("b"))
        {
            Check(NonBlocking.TryRead(zero, new byte[1]).Count == 1, "it is another one");
        }

        _ = Expect<InvalidOperationException>(() => inherited.Take("b"));
        inherited.TakeAll("a")[0].Dispose();
        Check(inherited.Unclaimed.Count == 0, "some are left");
        Check(inherited.TakeAll("a").Length == 0, "they are taken twice");
        inherited.Dispose();
        Check(File.Exists("/proc/self/fd/5"), "a taken one is closed");
    }

    /// <summary>Those that nobody takes are closed at the end.</summary>
    public static void Unclaimed(string[] args)
    {
        var inherited = InheritedDescriptors.Take();
        Check(inherited.All.All(fd => fd.Name == "unknown"), "they have names");
        Check(new FileInfo("/proc/self/fd/4").LinkTarget == "/dev/zero", "it is not there");
        inherited.Dispose();
        Check(new FileInfo("/proc/self/fd/4").LinkTarget != "/dev/zero", "it is not closed");
        _ = Expect<InvalidOperationException>(() => inherited.All[0].Take());
    }

    /// <summary>What is for another process is left alone, and no child gets the variables.</summary>
    public static void Foreign(string[] args)
    {
        using var inherited = InheritedDescriptors.Take();
        using var notifier = ServiceNotifier.FromEnvironment();
        Check(inherited.All.Count == 0, "they are taken");
        Check(
            inherited.NotTakenBecause == string.Create(
                CultureInfo.InvariantCulture, $"LISTEN_PID=1 is another process; this one is {Environment.ProcessId}"),
            inherited.NotTakenBecause ?? "no reason");
        Check(
            Expect<InvalidOperationException>(() => inherited.Take("b")).Message.Contains("LISTEN_PID=1", StringComparison.Ordinal),
            "the reason is not told");
        Check(notifier is { IsAvailable: true, WatchdogPeriod: null }, "the watchdog is this process's");
        Check(Run($"test -z \"{Variables}\""), "a child gets the variables");
        Check(new FileInfo("/proc/self/fd/4").LinkTarget == "/dev/zero", "a foreign descriptor is closed");
    }

    /// <summary>A variable that cannot be used is named, with its value, and everything stays as it was.</summary>
    /// <param name="args">The parts of the message.</param>
    public static void Refused(string[] args)
    {
        EventManagerException refusal = Expect<EventManagerException>(() =>
        {
            InheritedDescriptors.Take();
            ServiceNotifier.FromEnvironment();
        });
        Check(refusal.Error == EventManagerError.InvalidEnvironment, refusal.ToString());
        Check(Array.TrueForAll(args, part => refusal.Message.Contains(part, StringComparison.Ordinal)), refusal.Message);
        string variable = args[0].Split('=')[0];
        Check(Environment.GetEnvironmentVariable(variable) is { Length: > 0 }, "the variable is gone");
        Check(!args[0].StartsWith("LISTEN", StringComparison.Ordinal) || Run("test -e /proc/self/fd/3"), "a descriptor is gone");
    }

    /// <summary>A callback that never returns ends the program, after the service manager was told.</summary>
    public static void FailFast(string[] args)
    {
        using var notifier = ServiceNotifier.FromEnvironment();
        using var manager = new EventManager(new EventManagerOptions
        {
            Watchdog = new WatchdogOptions { Notifier = notifier, Policy = SlowCallbackPolicy.FailFast },
        });
        WatchdogScenarios.WriteNoCore();
        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => Thread.Sleep(Timeout.Infinite));
        manager.RunOnce();
    }

    /// <summary>Serves one client of each of two passed listeners, which tells it the name.</summary>
    public static void Activated(string[] args)
    {
        using var inherited = InheritedDescriptors.Take();
        Check(
            Expect<InvalidOperationException>(() => inherited.TakeDatagramSocket("http")).Message.Contains(
                "is no datagram socket", StringComparison.Ordinal), "it is a datagram socket");
        using var manager = new EventManager();
        int served = 0;
        List<Socket> listeners = [];
        foreach (string name in new[] { "http", "admin" })
        {
            Socket listener = inherited.TakeListener(name);
            listeners.Add(listener);
            Check(listener is { Blocking: false, IsBound: true }, "it is not bound, or blocks");
            Check(listener.LocalEndPoint!.ToString()!.EndsWith(name, StringComparison.Ordinal), $"{listener.LocalEndPoint}");
            manager.CreateSocketEvent(listener, EventSet.In, (_, _) =>
            {
                using Socket client = listener.Accept();
                client.Send(System.Text.Encoding.UTF8.GetBytes(name));
                served++;
            });
        }

        Check(!Run("readlink /proc/self/fd/* | grep -q socket:"), "a child gets a socket");
        manager.RunUntil(() => served == 2);
        listeners.ForEach(listener => listener.Dispose());
    }

    // With the runtime's environment, and with the C library's.
    private static bool Run(string script)
    {
        using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", script]) { UseShellExecute = false })!;
        process.WaitForExit();
        bool succeeds = process.ExitCode == 0;
        Check(succeeds == (system(script) == 0), $"children differ: {script}");
        return succeeds;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int system(string command);
}
