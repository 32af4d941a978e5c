namespace Vigil.Testing.Tests;

/// <summary>Signals and children of a world: programs that handle signals and supervise children run in it unchanged.</summary>
public sealed class SimulatedProcessTests
{
    private static readonly SimulationOptions Few = new() { Runs = 20 };

    [Fact]
    public void A_signal_reaches_every_loop_that_handles_it_with_its_sender() => Simulation.Run(
        world =>
        {
            List<string> seen = [];
            foreach (string name in (string[])["first", "second"])
            {
                SignalEvent handler = world.CreateLoop(name).Manager.CreateSignalEvent(
                    Signal.SIGHUP, (_, info) => seen.Add($"{name}: {info.Signal} from {info.SenderProcessId}, value {info.Value}"));
                Assert.Equal(SignalRoute.Simulated, handler.Route);
            }

            Assert.True(world.Signals.Send(new SignalInfo(Signal.SIGHUP) { SenderProcessId = 77, Value = 5 }));
            world.RunUntilIdle();

            Assert.Equal(["first: SIGHUP from 77, value 5", "second: SIGHUP from 77, value 5"], seen.Order());
        },
        Few);

    [Fact]
    public void Standard_signals_merge_while_the_loop_does_not_run_and_real_time_signals_count() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            int standard = 0;
            List<int?> values = [];
            loop.Manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => standard++);
            loop.Manager.CreateSignalEvent(Signal.RealTime(3), (_, info) => values.Add(info.Value));
            loop.Stall(TimeSpan.FromSeconds(1));
            for (int i = 0; i < 5; i++)
            {
                world.Signals.Send(Signal.SIGUSR1);
                world.Signals.Send(new SignalInfo(Signal.RealTime(3)) { Value = i });
            }

            world.Advance(TimeSpan.FromSeconds(2));

            Assert.Equal(1, standard);
            Assert.Equal([0, 1, 2, 3, 4], values);
        },
        Few);

    [Fact]
    public void A_signal_that_nobody_handles_any_more_says_so() => Simulation.Run(
        world =>
        {
            SignalEvent handler = world.CreateLoop("loop").Manager.CreateSignalEvent(Signal.SIGTERM, (_, _) => { });

            Assert.True(world.Signals.Send(Signal.SIGTERM));
            handler.Cancel();
            Assert.False(world.Signals.Send(Signal.SIGTERM));
            Assert.Throws<ArgumentException>(() => world.Signals.Send(default(Signal)));
            Assert.Throws<EventManagerException>(
                () => world.Loops[0].Manager.CreateSignalEvent(Signal.SIGKILL, (_, _) => { }));
        },
        Few);

    [Fact]
    public void A_childs_end_is_told_once_with_code_or_signal_and_its_id_is_free_then() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            SimulatedChild first = world.StartChild("first");
            SimulatedChild second = world.StartChild("second");
            List<string> ends = [];
            int childSignals = 0;
            manager.CreateSignalEvent(Signal.SIGCHLD, (_, _) => childSignals++);
            manager.CreateChildEvent(first.ProcessId, (_, exit) => ends.Add($"first: {exit}"));
            manager.CreateChildEvent(first.ProcessId, (_, exit) => ends.Add($"first again: {exit}"));
            manager.CreateChildEvent(second.ProcessId, (_, exit) => ends.Add($"second: {exit}"));

            first.End(3);
            world.RunUntilIdle();
            second.End(Signal.SIGSEGV);
            world.RunUntilIdle();

            Assert.Equal(["first again: exit code 3", "first: exit code 3", "second: ended by SIGSEGV"], ends.Order());
            Assert.Equal(2, childSignals);
            Assert.Equal(
                EventManagerError.ProcessNotFound,
                Assert.Throws<EventManagerException>(() => manager.CreateChildEvent(first.ProcessId, (_, _) => { })).Error);
        },
        Few);

    [Fact]
    public void A_child_gets_what_the_program_sends_and_ends_if_it_does_not_handle_it() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            SimulatedChild child = world.StartChild();
            bool isAsked = false;
            child.Handle(Signal.SIGTERM, () =>
            {
                isAsked = true;
                world.At(TimeSpan.FromSeconds(2), () => child.End(0));
            });
            ChildExit? exit = null;
            ChildEvent watch = manager.CreateChildEvent(child.ProcessId, (_, told) => exit = told);

            Assert.True(watch.Send(Signal.SIGSTOP));
            Assert.True(child.IsStopped);
            Assert.True(watch.Send(Signal.SIGCONT));
            Assert.False(child.IsStopped);
            Assert.True(watch.Send(Signal.SIGTERM));
            world.Advance(TimeSpan.FromSeconds(1));
            Assert.True(isAsked);
            Assert.Null(exit);
            world.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(0, exit?.ExitCode);
            Assert.False(watch.Send(Signal.SIGTERM));
        },
        Few);

    [Fact]
    public void A_supervisor_restarts_its_child_with_growing_pauses_and_passes_SIGTERM_on()
    {
        Simulation.Run(
            world =>
            {
                EventManager manager = world.CreateLoop("supervisor").Manager;
                List<SimulatedChild> started = [];
                TimeSpan pause = TimeSpan.FromSeconds(1);
                bool isStopping = false;
                ChildEvent? watch = null;
                void Start()
                {
                    SimulatedChild child = world.StartChild($"worker {started.Count}");
                    started.Add(child);
                    if (started.Count <= 3)
                    {
                        // Crashes soon; the seed says when.
                        world.At(world.Random.Next(TimeSpan.Zero, TimeSpan.FromMilliseconds(500)), () => child.End(Signal.SIGABRT));
                    }

                    watch = manager.CreateChildEvent(child.ProcessId, (_, exit) =>
                    {
                        if (isStopping)
                        {
                            manager.Stop();
                            return;
                        }

                        manager.CreateTimerEvent(pause, (_, _) => Start());
                        pause += pause;
                    });
                }

                manager.CreateSignalEvent(Signal.SIGTERM, (_, _) =>
                {
                    isStopping = true;
                    watch!.Send(Signal.SIGTERM);
                });
                Start();
                world.Advance(TimeSpan.FromMinutes(1));
                Assert.Equal(4, started.Count);
                world.Signals.Send(Signal.SIGTERM);
                world.RunUntil(() => world.Loops[0].HasEnded);

                Assert.Equal(Signal.SIGTERM, started[3].Exit?.Signal);
                Assert.All(started, child => Assert.True(child.IsReaped));
            },
            Few);
    }

    [Fact]
    public void A_child_that_is_to_be_killed_ends_with_its_manager_and_others_are_leaks() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            SimulatedChild killed = world.StartChild("killed");
            SimulatedChild forgotten = world.StartChild("forgotten");
            SimulatedChild zombie = world.StartChild("zombie");
            loop.Manager.CreateChildEvent(killed.ProcessId, (_, _) => { }, new ChildEventOptions { KillOnDispose = true });
            zombie.End();
            loop.Dispose();

            Assert.Equal(Signal.SIGKILL, killed.Exit?.Signal);
            Assert.True(killed.IsReaped);
            Assert.Equal(
                ["child forgotten runs", "child zombie has ended, and nobody has waited for it"],
                world.FindLeaks());

            // So that the run itself leaves nothing behind.
            EventManager next = world.CreateLoop("next").Manager;
            next.CreateChildEvent(forgotten.ProcessId, (_, _) => { });
            next.CreateChildEvent(zombie.ProcessId, (_, _) => { });
            forgotten.End();
            world.RunUntilIdle();
        },
        Few);

    [Fact]
    public void A_program_with_signals_and_children_does_the_same_with_the_same_seed()
    {
        static List<ulong> Hashes()
        {
            List<ulong> hashes = [];
            Simulation.Run(
                world =>
                {
                    EventManager manager = world.CreateLoop("loop").Manager;
                    manager.CreateSignalEvent(Signal.SIGUSR1, (_, _) => world.Note("signal"));
                    for (int i = 0; i < 5; i++)
                    {
                        SimulatedChild child = world.StartChild();
                        world.At(world.Random.Next(TimeSpan.Zero, TimeSpan.FromSeconds(1)), () => child.End(1));
                        world.At(world.Random.Next(TimeSpan.Zero, TimeSpan.FromSeconds(1)), () => world.Signals.Send(Signal.SIGUSR1));
                        manager.CreateChildEvent(child.ProcessId, (_, exit) => world.Note($"{exit}"));
                    }

                    world.Advance(TimeSpan.FromSeconds(2));
                    hashes.Add(world.Hash);
                },
                Few);
            return hashes;
        }

        List<ulong> first = Hashes();

        Assert.Equal(first, Hashes());
        Assert.True(first.Distinct().Count() > 10);
    }
}
