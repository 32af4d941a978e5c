using Vigil.IO;

namespace Vigil.Testing.Tests;

/// <summary>What a test dictates to the poller of a simulated loop.</summary>
public sealed class PollerScriptTests
{
    private const int EBADF = 9;
    private const int ENOMEM = 12;
    private const int ENOSPC = 28;

    private static readonly SimulationOptions Few = new() { Runs = 10 };

    [Fact]
    public void A_registration_that_is_to_fail_throws_with_its_errno_and_registers_nothing() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            (FdHandle reader, FdHandle writer) = world.CreatePipe();
            loop.Poller.Fail(PollerCall.Add, ENOSPC);

            EventManagerException refusal = Assert.Throws<EventManagerException>(
                () => loop.Manager.CreateSocketEvent(reader, EventSet.In, (_, _) => { }));

            Assert.Equal(ENOSPC, refusal.Errno);
            Assert.DoesNotContain(loop.Manager.GetSources(), source => source.Fd.Handle == reader);
            Assert.Equal(1, ReadsOf(world, loop.Manager, reader, writer));
            Close(reader, writer);
        },
        Few);

    [Fact]
    public void The_call_of_a_number_fails_and_no_other() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            (FdHandle reader, FdHandle writer) = world.CreatePipe();
            SocketEvent source = loop.Manager.CreateSocketEvent(reader, EventSet.In, (_, _) => { });
            long before = loop.Poller.Count(PollerCall.Modify);
            loop.Poller.Fail(PollerCall.Modify, ENOMEM, occurrence: 2);

            source.Modify(EventSet.Out);
            EventManagerException refusal = Assert.Throws<EventManagerException>(() => source.Modify(EventSet.In));
            source.Modify(EventSet.In);

            Assert.Equal(ENOMEM, refusal.Errno);
            Assert.Equal(before + 3, loop.Poller.Count(PollerCall.Modify));
            source.Cancel();
            Close(reader, writer);
        },
        Few);

    [Fact]
    public void A_wait_that_fails_ends_the_run_and_the_next_one_goes_on() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            (FdHandle reader, FdHandle writer) = world.CreatePipe();
            loop.Poller.Fail(PollerCall.Wait, EBADF);

            EventManagerException failure = Assert.Throws<EventManagerException>(world.RunUntilIdle);

            Assert.Equal(EBADF, failure.Errno);
            Assert.Equal(1, ReadsOf(world, loop.Manager, reader, writer));
            Close(reader, writer);
        },
        Few);

    [Fact]
    public void What_is_reported_without_being_ready_reaches_its_owner_who_finds_nothing() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            (FdHandle reader, FdHandle writer) = world.CreatePipe();
            List<IOResult> found = [];
            SocketEvent source = loop.Manager.CreateSocketEvent(
                reader, EventSet.In, (_, _) => found.Add(NonBlocking.TryRead(reader, new byte[1])));

            loop.Poller.ReportReady(reader, EventSet.In);
            world.RunUntilIdle();

            Assert.True(Assert.Single(found).WouldBlock);
            source.Cancel();
            Close(reader, writer);
        },
        Few);

    [Fact]
    public void Of_two_reports_of_one_wait_the_second_is_stale_if_the_first_ones_callback_ends_its_registration() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop", options => options.CollectStatistics = true);
            (FdHandle Reader, FdHandle Writer)[] pipes = [world.CreatePipe("a"), world.CreatePipe("b")];
            int calls = 0;
            List<SocketEvent> sources = [];
            foreach ((FdHandle reader, _) in pipes)
            {
                sources.Add(loop.Manager.CreateSocketEvent(reader, EventSet.In, (source, _) =>
                {
                    calls++;
                    sources.Find(other => other != source)!.Cancel();
                }));
                loop.Poller.ReportReady(reader, EventSet.In);
            }

            world.RunUntilIdle();

            Assert.Equal(1, calls);
            Assert.Equal(1, loop.Manager.GetStatistics().StaleEvents);
            sources.ForEach(source => source.Cancel());
            Array.ForEach(pipes, pipe => Close(pipe.Reader, pipe.Writer));
        },
        Few);

    [Fact]
    public void There_is_no_report_of_a_registration_that_has_ended_before_the_wait() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop", options => options.CollectStatistics = true);
            (FdHandle reader, FdHandle writer) = world.CreatePipe();
            int calls = 0;
            SocketEvent old = loop.Manager.CreateSocketEvent(reader, EventSet.In, (_, _) => calls++);
            loop.Poller.ReportReady(reader, EventSet.In);
            old.Cancel();
            SocketEvent next = loop.Manager.CreateSocketEvent(reader, EventSet.In, (_, _) => calls++);

            world.RunUntilIdle();

            Assert.Equal(0, calls);
            Assert.Equal(0, loop.Manager.GetStatistics().OrphanedEvents);
            next.Cancel();
            Close(reader, writer);
        },
        Few);

    [Fact]
    public void A_one_shot_that_was_reported_is_silent_until_it_is_armed_again() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            (FdHandle reader, FdHandle writer) = world.CreatePipe();
            int calls = 0;
            SocketEvent source = loop.Manager.CreateSocketEvent(reader, EventSet.In | EventSet.OneShot, (_, _) => calls++);
            loop.Poller.ReportReady(reader, EventSet.In);
            world.RunUntilIdle();

            NonBlocking.TryWrite(writer, "x"u8);
            world.RunUntilIdle();
            Assert.Equal(1, calls);

            source.Arm();
            world.RunUntilIdle();
            Assert.Equal(2, calls);
            source.Cancel();
            Close(reader, writer);
        },
        Few);

    [Fact]
    public void Reports_that_a_full_buffer_has_no_room_for_come_with_the_next_waits() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop", options => options.ReadyCapacity = 1);
            (FdHandle Reader, FdHandle Writer)[] pipes = [world.CreatePipe("a"), world.CreatePipe("b"), world.CreatePipe("c")];
            int[] calls = new int[pipes.Length];
            SocketEvent[] sources =
            [
                .. pipes.Select((pipe, i) => loop.Manager.CreateSocketEvent(pipe.Reader, EventSet.In, (_, _) => calls[i]++)),
            ];
            foreach ((FdHandle reader, _) in pipes)
            {
                loop.Poller.ReportReady(reader, EventSet.In);
            }

            world.RunUntilIdle();

            Assert.All(calls, count => Assert.Equal(1, count));
            Array.ForEach(sources, source => source.Cancel());
            Array.ForEach(pipes, pipe => Close(pipe.Reader, pipe.Writer));
        },
        Few);

    [Fact]
    public void What_cannot_be_dictated_is_refused() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            (FdHandle reader, FdHandle writer) = world.CreatePipe();
            using EventFd real = new();
            PollerScript script = loop.Poller;

            Assert.Throws<ArgumentOutOfRangeException>(() => script.Fail((PollerCall)99, EBADF));
            Assert.Throws<ArgumentOutOfRangeException>(() => script.Fail(PollerCall.Add, errno: 0));
            Assert.Throws<ArgumentOutOfRangeException>(() => script.Fail(PollerCall.Add, EBADF, occurrence: 0));
            Assert.Throws<ArgumentOutOfRangeException>(() => script.Count((PollerCall)99));
            Assert.Throws<ArgumentException>(() => script.ReportReady(reader, EventSet.In));
            Assert.Throws<ArgumentException>(() => script.ReportReady(real, EventSet.In));
            using SocketEvent source = loop.Manager.CreateSocketEvent(reader, EventSet.In, (_, _) => { });
            Assert.Throws<ArgumentException>(() => script.ReportReady(reader, EventSet.None));
            source.Cancel();
            Close(reader, writer);
        },
        Few);

    // How often a byte is read that is written now.
    private static int ReadsOf(World world, EventManager manager, FdHandle reader, FdHandle writer)
    {
        int reads = 0;
        SocketEvent source = manager.CreateSocketEvent(reader, EventSet.In, (_, _) =>
        {
            if (NonBlocking.TryRead(reader, new byte[1]).Count == 1)
            {
                reads++;
            }
        });
        NonBlocking.TryWrite(writer, "x"u8);
        world.RunUntilIdle();
        source.Cancel();
        return reads;
    }

    private static void Close(FdHandle reader, FdHandle writer)
    {
        reader.Dispose();
        writer.Dispose();
    }
}
