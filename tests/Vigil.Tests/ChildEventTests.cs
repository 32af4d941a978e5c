using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Vigil.Tests;

public sealed partial class ChildEventTests
{
    private readonly List<ChildExit> _exits = [];

    [Fact]
    public void The_end_of_a_process_comes_with_its_exit_code_which_the_process_object_has_too()
    {
        using var manager = new EventManager();
        using Process process = Shell("exit 7");
        int code = -1;
        ChildEvent child = manager.CreateChildEvent(process, (source, exit) =>
        {
            _exits.Add(exit);
            code = process.ExitCode;
            Assert.True(source.IsCancelled);
        });
        Assert.Equal(process.Id, child.ProcessId);
        manager.RunUntil(() => _exits.Count > 0);
        Assert.Equal([new ChildExit(7, null)], _exits);
        Assert.Equal(7, code);
        Assert.Equal(_exits[0], child.Exit);
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Assert.Empty(manager.GetSources());
    }

    [Fact]
    public void Who_awaits_an_event_whose_process_had_ended_does_not_wait_for_ever_when_the_manager_ends_before_it_is_told()
    {
        using Process process = Shell("exit 7");
        process.WaitForExit();
        var manager = new EventManager();
        ChildEvent child = manager.CreateChildEvent(process, (_, _) => Assert.Fail("Nothing runs the manager."));
        manager.Dispose();
        Assert.True(child.IsCancelled);
        Patience.Wait(child.CancelAsync());
        Patience.Wait(child.DisposeAsync().AsTask());
    }

    [Fact]
    public void A_signal_that_ends_a_process_is_told()
    {
        using var manager = new EventManager();
        using Process process = Shell("kill -9 $$");
        manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit));
        manager.RunUntil(() => _exits.Count > 0);
        Assert.Equal([new ChildExit(null, new Signal(9))], _exits);
        Assert.Equal("ended by SIGKILL", _exits[0].ToString());
    }

    [Fact]
    public void A_process_that_has_ended_already_is_told_of_in_the_next_iteration()
    {
        using var manager = new EventManager();
        using Process process = Shell("exit 3");
        process.WaitForExit();
        manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit));
        Assert.Empty(_exits);
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal([new ChildExit(3, null)], _exits);
    }

    [Fact]
    public void The_callers_process_object_may_be_disposed_while_it_is_watched()
    {
        using var manager = new EventManager();
        using (Process process = Shell("read line; exit 5", redirectInput: true))
        {
            manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit));
            process.StandardInput.Close();
        }

        manager.RunUntil(() => _exits.Count > 0);
        Assert.Equal([new ChildExit(5, null)], _exits);
    }

    [Fact]
    public void Of_two_hundred_processes_at_once_none_is_lost_and_none_is_stolen_from_the_runtime()
    {
        const int Count = 200;
        using var manager = new EventManager();
        var processes = new List<Process>();
        var codes = new Dictionary<int, int?>();
        for (int i = 0; i < Count; i++)
        {
            Process process = Shell(string.Create(CultureInfo.InvariantCulture, $"exit {i % 100}"));
            processes.Add(process);
            manager.CreateChildEvent(process, (child, exit) => codes.Add(child.ProcessId!.Value, exit.ExitCode));
        }

        manager.RunUntil(() => codes.Count == Count);
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(i % 100, codes[processes[i].Id]);
            Assert.True(processes[i].HasExited);
            Assert.Equal(i % 100, processes[i].ExitCode);
            processes[i].Dispose();
        }

        Assert.Empty(manager.GetSources());
    }

    [Fact]
    public void A_process_may_be_watched_by_several_events_and_managers()
    {
        using var manager = new EventManager();
        using var other = new EventManager();
        using Process process = Shell("exit 4");
        int calls = 0;
        manager.CreateChildEvent(process, (_, exit) => calls += exit.ExitCode!.Value);
        manager.CreateChildEvent(process, (_, exit) => calls += exit.ExitCode!.Value);
        other.CreateChildEvent(process, (_, exit) => calls += exit.ExitCode!.Value);
        manager.RunUntil(() => calls == 8);
        other.RunUntil(() => calls == 12);
    }

    [Fact]
    public void A_child_that_was_started_by_other_means_is_waited_for_here()
    {
        using var manager = new EventManager();
        int id = Spawn("exit 9");
        manager.CreateChildEvent(id, (_, exit) => _exits.Add(exit));
        manager.RunUntil(() => _exits.Count > 0);
        Assert.Equal([new ChildExit(9, null)], _exits);
        Assert.False(Directory.Exists($"/proc/{id}"), "it is still a zombie");
    }

    [Fact]
    public void A_child_that_has_ended_already_is_told_of_by_its_id_and_by_a_descriptor_that_is_closed_at_once()
    {
        using var manager = new EventManager();
        int first = Spawn("kill -15 $$");
        int second = Spawn("exit 1");
        Posix.WaitForZombie(first);
        Posix.WaitForZombie(second);
        manager.CreateChildEvent(first, (_, exit) => _exits.Add(exit));
        using (FdHandle pidFd = Posix.OpenProcess(second))
        {
            manager.CreateChildEvent(pidFd, (_, exit) => _exits.Add(exit));
        }

        manager.RunUntil(() => _exits.Count == 2);
        Assert.Equal([new ChildExit(null, Signal.SIGTERM), new ChildExit(1, null)], _exits.OrderBy(exit => exit.ExitCode ?? -1));
    }

    [Fact]
    public void Of_a_process_that_is_no_child_the_end_is_told_without_a_code()
    {
        using var manager = new EventManager();
        // A parent that never waits: once a process has been waited for, newer kernels report to every holder how it ended.
        using Process parent = Shell("sleep 600 & echo $!; exec cat", redirectInput: true, redirectOutput: true);
        int grandchild = int.Parse(parent.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);

        // Until it has become cat, which echoes, it is a shell, which may wait.
        parent.StandardInput.WriteLine();
        parent.StandardOutput.ReadLine();
        using Process asProcess = Process.GetProcessById(grandchild);
        manager.CreateChildEvent(grandchild, (_, exit) => _exits.Add(exit));
        manager.CreateChildEvent(asProcess, (_, exit) => _exits.Add(exit));
        asProcess.Kill();
        manager.RunUntil(() => _exits.Count == 2);
        Assert.Equal([default, default], _exits);
        parent.StandardInput.Close();
        parent.WaitForExit();
    }

    [Fact]
    public void A_child_that_was_started_by_other_means_and_is_watched_as_a_process_is_told_of_and_left_to_whoever_started_it()
    {
        using var manager = new EventManager();
        int id = Spawn("exit 8");
        using Process process = Process.GetProcessById(id);
        manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit));
        manager.RunUntil(() => _exits.Count > 0);
        Assert.Equal([new ChildExit(8, null)], _exits);
        Assert.Equal(id, Posix.WaitFor(id));
    }

    [Fact]
    public void A_process_of_the_runtimes_may_be_watched_by_an_object_that_was_made_for_its_id()
    {
        using var manager = new EventManager();
        using Process process = Shell("read line; exit 3", redirectInput: true);
        using Process other = Process.GetProcessById(process.Id);
        manager.CreateChildEvent(other, (_, exit) => _exits.Add(exit));
        process.StandardInput.Close();
        manager.RunUntil(() => _exits.Count > 0);
        Assert.Equal([new ChildExit(3, null)], _exits);
        process.WaitForExit();
        Assert.Equal(3, process.ExitCode);
    }

    [Fact]
    public void The_id_of_a_thread_is_refused()
    {
        using var manager = new EventManager();
        string id = Directory.GetDirectories("/proc/self/task").Select(path => Path.GetFileName(path)!).First(
            id => int.Parse(id, CultureInfo.InvariantCulture) != Environment.ProcessId);
        EventManagerException refusal = Assert.Throws<EventManagerException>(
            () => manager.CreateChildEvent(int.Parse(id, CultureInfo.InvariantCulture), (_, _) => { }));
        Assert.Equal(EventManagerError.ProcessNotFound, refusal.Error);
    }

    [Fact]
    public void Nothing_is_told_after_cancellation_and_the_process_goes_on()
    {
        using var manager = new EventManager();
        using Process process = Shell("read line; exit 2", redirectInput: true);
        ChildEvent child = manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit));
        child.Cancel();
        Assert.True(child.IsCancelled);
        Assert.False(process.HasExited);
        process.StandardInput.Close();
        process.WaitForExit();
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(2, process.ExitCode);
        Assert.Empty(_exits);
    }

    [Fact]
    public void A_process_can_be_killed_with_its_event()
    {
        using var manager = new EventManager();
        using Process process = Shell("exec sleep 600");
        int spawned = Spawn("exec sleep 600");
        manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit), new() { KillOnDispose = true }).Dispose();
        ChildEvent child = manager.CreateChildEvent(spawned, (_, exit) => _exits.Add(exit), new() { KillOnDispose = true });
        child.Dispose();
        child.Dispose();
        process.WaitForExit();
        Assert.Equal(128 + 9, process.ExitCode);
        manager.RunUntil(() => manager.GetSources().Count == 0);
        Assert.False(Directory.Exists($"/proc/{spawned}"), "it was not waited for");
        Assert.Empty(_exits);
    }

    [Fact]
    public void Processes_can_be_killed_with_the_manager()
    {
        var manager = new EventManager();
        using Process process = Shell("exec sleep 600");
        using Process spared = Shell("read line; exit 6", redirectInput: true);
        int spawned = Spawn("exec sleep 600");
        manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit), new() { KillOnDispose = true });
        manager.CreateChildEvent(spared, (_, exit) => _exits.Add(exit));
        manager.CreateChildEvent(spawned, (_, exit) => _exits.Add(exit), new() { KillOnDispose = true });
        manager.Dispose();
        process.WaitForExit();
        Assert.Equal(128 + 9, process.ExitCode);
        Assert.False(Directory.Exists($"/proc/{spawned}"), "it was not waited for");
        Assert.False(spared.HasExited);
        spared.StandardInput.Close();
        spared.WaitForExit();
        Assert.Equal(6, spared.ExitCode);
        Assert.Empty(_exits);
    }

    [Fact]
    public void What_is_no_process_is_refused()
    {
        using var manager = new EventManager();
        int id = Spawn("exit 0");
        Assert.Equal(id, Posix.WaitFor(id));
        Assert.Equal(
            EventManagerError.ProcessNotFound,
            Assert.Throws<EventManagerException>(() => manager.CreateChildEvent(id, (_, _) => { })).Error);
        using var eventFd = new EventFd();
        Assert.Equal(
            EventManagerError.InvalidDescriptor,
            Assert.Throws<EventManagerException>(() => manager.CreateChildEvent(eventFd, (_, _) => { })).Error);
        Assert.Throws<ArgumentOutOfRangeException>(() => manager.CreateChildEvent(0, (_, _) => { }));
        using Process process = Shell("exit 0");
        Assert.Throws<ArgumentException>(() => manager.CreateChildEvent(process.SafeHandle, (_, _) => { }));
        eventFd.Dispose();
        Assert.Equal(
            EventManagerError.InvalidDescriptor,
            Assert.Throws<EventManagerException>(() => manager.CreateChildEvent(eventFd, (_, _) => { })).Error);
        using var notStarted = new Process();
        Assert.Throws<InvalidOperationException>(() => manager.CreateChildEvent(notStarted, (_, _) => { }));
        Assert.Empty(manager.GetSources());
    }

    [Fact]
    public void A_callback_that_throws_meets_the_fault_policy()
    {
        using var manager = new EventManager();
        using Process process = Shell("exit 0");
        manager.CreateChildEvent(process, (_, _) => throw new InvalidOperationException("bad"));
        Assert.Equal("bad", Assert.Throws<InvalidOperationException>(() => manager.RunUntil(() => false)).Message);
    }

    [Fact]
    public void How_a_child_ended_is_told_to_whoever_watches_its_descriptor_after_it_was_waited_for()
    {
        if (Environment.OSVersion.Version < new Version(6, 15))
        {
            return;
        }

        using var manager = new EventManager();
        int id = Spawn("exit 7");
        using FdHandle pidFd = Posix.OpenProcess(id);
        Assert.Equal(id, Posix.WaitFor(id));
        manager.CreateChildEvent(pidFd, (_, exit) => _exits.Add(exit));
        manager.RunUntil(() => _exits.Count == 1);
        manager.CreateChildEvent(pidFd, (_, exit) => _exits.Add(exit));
        manager.RunUntil(() => _exits.Count == 2);
        Assert.Equal([new ChildExit(7, null), new ChildExit(7, null)], _exits);
    }

    [Fact]
    public void A_child_that_foreign_code_waits_for_leaves_nothing_behind_for_the_next_child()
    {
        using var manager = new EventManager();
        int id = Spawn("exec sleep 600");
        ChildEvent child = manager.CreateChildEvent(id, (_, exit) => _exits.Add(exit));
        Assert.True(child.Send(Signal.SIGKILL));
        Assert.Equal(id, Posix.WaitFor(id));
        manager.RunUntil(() => _exits.Count == 1);
        Assert.Contains(_exits[0], new[] { default, new ChildExit(null, Signal.SIGKILL) });
        Assert.False(child.Send(Signal.SIGTERM));
        Assert.Empty(manager.GetSources());
    }

    [Fact]
    public void A_process_can_be_sent_any_signal_until_it_has_ended()
    {
        using var manager = new EventManager();
        using Process process = Shell(
            "trap 'exit 5' USR1; echo ready; while :; do read line; done",
            redirectInput: true,
            redirectOutput: true);
        process.StandardOutput.ReadLine();
        int spawned = Spawn("exec sleep 600");
        ChildEvent trapping = manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit));
        ChildEvent stopped = manager.CreateChildEvent(spawned, (_, exit) => _exits.Add(exit));
        Assert.Throws<ArgumentException>(() => trapping.Send(default));
        Assert.True(stopped.Send(Signal.SIGSTOP));
        Assert.True(trapping.Send(Signal.SIGUSR1));
        process.StandardInput.Close();
        manager.RunUntil(() => _exits.Count == 1);
        Assert.False(trapping.Send(Signal.SIGUSR1));

        // SIGTERM stays pending until the process continues.
        Assert.True(stopped.Send(Signal.SIGTERM));
        Assert.True(stopped.Send(Signal.SIGCONT));
        manager.RunUntil(() => _exits.Count == 2);
        Assert.Equal([new ChildExit(5, null), new ChildExit(null, Signal.SIGTERM)], _exits);
        Assert.False(stopped.Send(Signal.SIGKILL));
    }

    [Fact]
    public async Task The_end_of_a_process_that_was_killed_at_the_cancellation_can_be_waited_for()
    {
        using var loop = new LoopThread();
        EventManager manager = loop.Manager;
        using Process process = Shell("exec sleep 600");
        int spawned = Spawn("exec sleep 600");
        ChildExit?[] exits = await manager.RemoteEndpoint.CallAsync(async _ =>
        {
            ChildEvent ofRuntime = manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit), new() { KillOnDispose = true });
            ChildEvent ofNobody = manager.CreateChildEvent(spawned, (_, exit) => _exits.Add(exit), new() { KillOnDispose = true });
            await ofRuntime.CancelAsync();
            await ofNobody.DisposeAsync();
            return new[] { ofRuntime.Exit, ofNobody.Exit };
        });
        Assert.Equal([new ChildExit(null, Signal.SIGKILL), new ChildExit(null, Signal.SIGKILL)], exits);
        Assert.True(process.HasExited);
        Assert.False(Directory.Exists($"/proc/{spawned}"), "it was not waited for");
        Assert.Empty(_exits);
    }

    [Fact]
    public void Whoever_waits_for_a_killed_process_is_told_at_the_managers_disposal_too()
    {
        var manager = new EventManager();
        using Process process = Shell("exec sleep 600");
        ChildEvent child = manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit), new() { KillOnDispose = true });
        Task ended = child.CancelAsync();
        Task withoutKill = manager.CreateChildEvent(process, (_, exit) => _exits.Add(exit)).CancelAsync();
        Assert.True(withoutKill.IsCompletedSuccessfully);
        manager.Dispose();
        Patience.Wait(ended);
        process.WaitForExit();
        Assert.Equal(128 + 9, process.ExitCode);
        Assert.Empty(_exits);
    }

    private static Process Shell(
        string command,
        bool redirectInput = false,
        bool redirectOutput = false) => Process.Start(new ProcessStartInfo("sh", ["-c", command])
        {
            UseShellExecute = false,
            RedirectStandardInput = redirectInput,
            RedirectStandardOutput = redirectOutput,
        })!;

    // A child that System.Diagnostics.Process does not know.
    private static int Spawn(string command)
    {
        string?[] arguments = ["sh", "-c", command, null];
        string?[] environment = ["PATH=/usr/local/bin:/usr/bin:/bin", null];
        Assert.Equal(0, posix_spawn(out int id, "/bin/sh", 0, 0, arguments, environment));
        return id;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(
        out int id,
        string path,
        nint actions,
        nint attributes,
        string?[] arguments,
        string?[] environment);
}
