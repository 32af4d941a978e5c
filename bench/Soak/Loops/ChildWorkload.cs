using System.Diagnostics;
using System.Globalization;
using Vigil;

namespace Soak.Loops;

/// <summary>Children that end by themselves, by a signal, or with their event. Each end is reported once, as it was.</summary>
internal sealed class ChildWorkload : Workload
{
    private const int Most = 4;

    private long _started;
    private long _ended;

    public ChildWorkload(Random random, Findings findings)
        : base(random, findings)
    {
    }

    public override string Name => "child processes";

    public override long Count => _started;

    public override string? Outstanding => _started == _ended ? null : $"{_started - _ended} children";

    protected override TimeSpan Pace => TimeSpan.FromMilliseconds(200);

    public override void Finish()
    {
    }

    protected override void OnStart(EventManager manager)
    {
    }

    protected override void Step(EventManager manager)
    {
        if (_started - _ended >= Most)
        {
            return;
        }

        _started++;
        int choice = Random.Next(4);

        // A worker starts the child, which may end before it is watched. Then larger codes could be taken for signals (docs/children.md).
        int code = Random.Next(0, 129);
        string script = choice == 0 ? string.Create(CultureInfo.InvariantCulture, $"exit {code}") : "exec sleep 300";

        // It takes milliseconds, which a worker has.
        manager.ExecuteWork(
            WorkPriority.Normal,
            () => SignalBlocking.StartProcess(new ProcessStartInfo("/bin/sh", ["-c", script]) { UseShellExecute = false }),
            (loop, process) => Watch(loop, process, choice, code));
    }

    protected override void OnStop()
    {
    }

    private void Watch(EventManager manager, Process process, int choice, int code)
    {
        ChildExit expected = choice == 0 ? new ChildExit(code, null) : new ChildExit(null, choice == 1 ? Signal.SIGTERM : Signal.SIGKILL);
        if (choice == 3)
        {
            _ = KillByEndAsync(manager, process, expected);
            return;
        }

        ChildEvent child = manager.CreateChildEvent(process, (_, exit) => Ended(process, expected, exit));
        if (choice == 1)
        {
            manager.CreateTimerEvent(Between(0, 100), (timer, _) =>
            {
                child.Send(Signal.SIGTERM);
                timer.Dispose();
            });
        }
        else if (choice == 2)
        {
            child.Send(Signal.SIGSTOP);
            child.Send(Signal.SIGKILL);
        }
    }

    private async Task KillByEndAsync(EventManager manager, Process process, ChildExit expected)
    {
        ChildEvent child = manager.CreateChildEvent(
            process, (_, _) => Findings.Add("a cancelled child event has called back"), new ChildEventOptions { KillOnDispose = true });
        await manager.Delay(Between(0, 100));
        await child.CancelAsync();
        Ended(process, expected, child.Exit);
    }

    private void Ended(Process process, ChildExit expected, ChildExit? exit)
    {
        _ended++;
        Findings.Require(exit == expected, $"a child ended with {exit}, not with {expected}");
        process.Dispose();
    }
}
