using System.Diagnostics;
using Vigil.IO;

namespace Vigil.Testing.Tests;

/// <summary>What a simulation finds by itself, and what it says of it.</summary>
public sealed class SimulationTests
{
    private static readonly SimulationOptions Once = new() { Runs = 1 };

    [Fact]
    public void Two_loops_that_wait_for_each_other_are_a_failure_that_names_both()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                EventManager one = world.CreateLoop("one").Manager;
                EventManager other = world.CreateLoop("other").Manager;
                (FdHandle first, FdHandle second) = world.CreateSocketPair("between");
                int answers = 0;
                one.CreateSocketEvent(first, EventSet.In, (_, _) => answers++);
                other.CreateSocketEvent(second, EventSet.In, (_, _) => answers++);
                world.RunUntil(() => answers == 2);
            },
            Once));

        Assert.Contains("Nothing can run", failure.Message, StringComparison.Ordinal);
        Assert.Contains("loop one waits for between[0] for In", failure.Message, StringComparison.Ordinal);
        Assert.Contains("loop other waits for between[1] for In", failure.Message, StringComparison.Ordinal);
        Assert.Contains("VIGIL_SEED=1 dotnet test", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1UL, failure.Seed);
    }

    [Fact]
    public void A_loop_that_is_used_by_another_while_it_sleeps_is_a_failure()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                EventManager one = world.CreateLoop("one").Manager;
                EventManager other = world.CreateLoop("other").Manager;
                bool hasRun = false;
                other.Defer(_ => one.Defer(_ => hasRun = true));
                world.RunUntil(() => hasRun);
            }));

        Assert.Contains("The loop one slept while it had something to do", failure.Message, StringComparison.Ordinal);
        Assert.Contains("RemoteEndpoint", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_never_comes_to_rest_is_a_failure()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                EventManager manager = world.CreateLoop("loop").Manager;
                manager.Defer(Again);
                world.RunUntilIdle();

                static void Again(EventManager manager) => manager.Defer(Again);
            },
            Once));

        Assert.Contains("the clock did not move", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timer")]
    [InlineData("client")]
    public void What_starts_again_without_delay_is_a_failure_though_no_loop_runs(string what)
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                Again();
                world.RunUntil(() => false);

                void Again()
                {
                    if (what == "client")
                    {
                        world.At(TimeSpan.Zero, Again);
                    }
                    else
                    {
                        world.Clock.CreateTimer(_ => Again(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
                    }
                }
            },
            Once));

        Assert.Contains("the clock did not move", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_that_reads_the_stopwatch_does_not_repeat_and_is_told_where()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                EventManager manager = world.CreateLoop("loop").Manager;
#pragma warning disable VIGILT002 // What the run finds. The analyzer finds it earlier.
                manager.CreateTimerEvent(
                    TimeSpan.FromMilliseconds(5),
                    (timer, _) => timer.Change(TimeSpan.FromTicks(1 + (Stopwatch.GetTimestamp() % 1_000_000))));
#pragma warning restore VIGILT002
                world.Advance(TimeSpan.FromMinutes(1));
            },
            Once));

        Assert.Contains("does not repeat", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Stopwatch", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_left_open_is_a_failure_that_names_it()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world => world.CreatePipe("forgotten").Writer.Dispose(), Once));

        Assert.Contains("forgotten (reads)", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_names_the_faults_that_it_takes_and_no_other()
    {
        // It takes what one write has brought for a whole message.
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                world.Faults.Allow(FaultKinds.All & ~(FaultKinds.Reset | FaultKinds.Full));
                EventManager manager = world.CreateLoop("loop").Manager;
                (FdHandle reader, FdHandle writer) = world.CreatePipe();
                bool isWhole = false;
                manager.CreateSocketEvent(reader, EventSet.In, (read, _) =>
                {
                    IOResult result = NonBlocking.TryRead(reader, new byte[100]);
                    if (result.IsSuccess)
                    {
                        world.Assert(result.Count == 12, $"{result.Count} bytes are taken for a message");
                        isWhole = true;
                        read.Cancel();
                    }
                });
                NonBlocking.TryWrite(writer, "twelve bytes"u8);
                world.RunUntil(() => isWhole);
                reader.Dispose();
                writer.Dispose();
            },
            new SimulationOptions { Runs = 1_000 }));

        Assert.Contains("are taken for a message", failure.Message, StringComparison.Ordinal);
        Assert.NotEqual(FaultKinds.None, failure.Faults);
        Assert.Equal(FaultKinds.None, failure.Faults & ~(FaultKinds.ShortRead | FaultKinds.ShortWrite));
    }

    [Fact]
    public void A_failure_names_the_choices_that_it_takes_and_no_other()
    {
        // Among a hundred things that happen in any order, it fails if the last of the first loop runs before the first of the second.
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                int first = 0;
                int second = 0;
                EventManager one = world.CreateLoop("one").Manager;
                EventManager other = world.CreateLoop("other").Manager;
                for (int i = 0; i < 100; i++)
                {
                    one.RemoteEndpoint.Fire(_ => first++);
                    other.RemoteEndpoint.Fire(_ =>
                    {
                        world.Assert(first < 100 || second > 0, "one has ended before the other began");
                        second++;
                    });
                    world.At(TimeSpan.FromMilliseconds(i), () => world.Yield());
                }

                world.Advance(TimeSpan.FromSeconds(1));
            },
            new SimulationOptions { Runs = 1_000 }));

        Assert.Matches("and [0-3] of the [0-9]+ choices of the seed", failure.Message);
    }

    [Fact]
    public void What_the_program_throws_is_the_inner_exception()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                EventManager manager = world.CreateLoop("loop").Manager;
                manager.Defer(_ => throw new FormatException("it is a bug"));
                world.RunUntilIdle();
            },
            Once));

        Assert.IsType<FormatException>(failure.InnerException);
        Assert.Contains("it is a bug", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ordering_bug_is_found_by_a_seed_and_repeats_by_it()
    {
        SimulationFailedException found = Assert.Throws<SimulationFailedException>(
            () => Simulation.Run(WithOrderingBug, new SimulationOptions { Runs = 1_000 }));

        for (int i = 0; i < 10; i++)
        {
            SimulationFailedException again = Assert.Throws<SimulationFailedException>(
                () => Simulation.Run(WithOrderingBug, new SimulationOptions { Runs = 1, Seed = found.Seed }));
            Assert.Equal(found.Message, again.Message);
        }
    }

    // A cache that is filled by a worker, and is closed by the loop while the worker is in the middle of it.
    private static void WithOrderingBug(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        bool isClosed = false;
        manager.ExecuteWork(WorkPriority.Normal, () =>
        {
            world.Assert(!isClosed, "it is used after it was closed");
            world.Yield();
            world.Assert(!isClosed, "it is used after it was closed");
        });
        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => isClosed = world.Random.OneIn(4));
        world.Advance(TimeSpan.FromSeconds(1));
    }
}
