using System.Diagnostics;
using Vigil.IO;

namespace Vigil.Failures;

/// <summary>Signals, children and the program's own replacement.</summary>
internal static class ProcessScenarios
{
    public static void Signals(Drive drive)
    {
        EventManager manager = drive.Create();
        EventManager other = drive.Create();
        var events = new List<SignalEvent>();
        foreach (Signal signal in Program.BlockedSignals.Append(Signal.SIGWINCH))
        {
            drive.Ask(signal.ToString(), told => events.Add(manager.CreateSignalEvent(signal, (_, _) => told())));
        }

        SignalRoute route = events[0].Route;
        if (route != SignalRoute.SignalFd)
        {
            drive.Wrong.Add($"{events[0]} has the route {route}.");
        }

        Signal first = Program.BlockedSignals[0];
        drive.Ask($"{first} of another manager", told => other.CreateSignalEvent(first, (_, _) => told()));
        drive.Outside("signals", () =>
        {
            foreach (SignalEvent item in events)
            {
                LibC.SignalSelf(item.Signal.Number);
            }
        });
        while (drive.Missing.Count > 0 && drive.HasPatience)
        {
            drive.TurnOnce(manager);
            drive.TurnOnce(other);
        }

        drive.Do("Cancel", events[0].Cancel);
        drive.Do("Dispose", other.Dispose);
        drive.End(manager);
    }

    public static void Children(Drive drive)
    {
        EventManager manager = drive.Create();
        Process? ended = null;
        Process? killed = null;
        int byId = 0;
        int byDescriptor = 0;
        drive.Outside("processes", () =>
        {
            ended = Process.Start("sleep", "1000");
            killed = SignalBlocking.StartProcess(new ProcessStartInfo("sleep", "1000"));
            byId = LibC.StartProcess();
            byDescriptor = LibC.StartProcess();
        });
        drive.Ask("the end of a process", told => manager.CreateChildEvent(ended!, (_, _) => told()));
        drive.Ask("the end of a process given by its id", told => manager.CreateChildEvent(byId, (_, _) => told()));
        FdHandle? descriptor = null;
        drive.Outside("a descriptor", () => descriptor = new FdHandle(LibC.OpenProcess(byDescriptor)));
        ChildEvent? child = null;
        drive.Ask(
            "the end of a process given by its descriptor",
            told => child = manager.CreateChildEvent(descriptor!, (_, _) => told()));
        drive.Outside("their end", () =>
        {
            ended!.Kill();
            LibC.KillProcess(byId);
        });
        drive.Do("Send", () => child!.Send(Signal.SIGTERM));
        ChildEvent? doomed = null;
        drive.Do("a child to kill", () => doomed = manager.CreateChildEvent(
            killed!, (_, _) => { }, new ChildEventOptions { KillOnDispose = true }));
        drive.Turn(manager);
        drive.Do("Cancel of a child to kill", doomed!.Cancel);
        drive.End(manager);
        drive.Outside("the processes' end", () =>
        {
            foreach (Process process in new[] { ended!, killed! })
            {
                process.Kill();
                process.Dispose();
            }

            foreach (int process in new[] { byId, byDescriptor })
            {
                LibC.KillProcess(process);
                LibC.ReapProcess(process);
            }

            descriptor!.Dispose();
        });
    }

    // The program is only executed again where nothing fails, which is not tried here.
    public static void Replacement(Drive drive)
    {
        try
        {
            SignalBlocking.Restart(Signal.SIGHUP);
        }
        catch (EventManagerException exception)
        {
            drive.Refuse($"Restart: {Drive.Describe(exception)}", exception);
        }
    }
}
