using System.Net;
using Vigil.IO;

namespace Vigil.Testing.Tests;

/// <summary>Loops, pools and descriptors in a world.</summary>
public sealed class WorldTests
{
    private static readonly IPEndPoint Server = new(IPAddress.Loopback, 8125);

    private static readonly SimulationOptions Once = new() { Runs = 1 };

    [Fact]
    public void An_hour_of_a_timer_of_10_ms_on_a_loop_has_360_000_ticks_each_at_its_own_due_time()
    {
        long ticks = 0;
        bool isExact = true;
        Simulation.Run(
            world =>
            {
                ticks = 0;
                SimulatedLoop loop = world.CreateLoop("loop");
                loop.Manager.CreateTimerEvent(
                    TimeSpan.FromMilliseconds(10),
                    TimeSpan.FromMilliseconds(10),
                    (_, tick) =>
                    {
                        ticks++;
                        isExact &= tick.Missed == 0 && world.Clock.Elapsed == TimeSpan.FromMilliseconds(10 * ticks);
                    });

                world.Advance(TimeSpan.FromHours(1));
            },
            new SimulationOptions { Runs = 1, RepeatOneIn = 0 });

        Assert.Equal(360_000, ticks);
        Assert.True(isExact);
    }

    [Fact]
    public void Timers_of_all_three_clocks_follow_theirs_and_a_step_is_reported() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            List<string> fired = [];
            foreach (TimerClock clock in Enum.GetValues<TimerClock>())
            {
                manager.CreateTimerEvent(
                    TimeSpan.FromHours(1),
                    (_, _) => fired.Add($"{clock} {world.Clock.Elapsed.TotalMinutes}"),
                    new TimerEventOptions { Clock = clock });
            }

            List<ClockStep> steps = [];
            manager.WallClockStepped += (_, step) => steps.Add(step);

            world.Advance(TimeSpan.FromMinutes(10));
            world.Clock.Suspend(TimeSpan.FromMinutes(30));
            world.Advance(TimeSpan.FromMinutes(10));
            world.Clock.StepWallClock(TimeSpan.FromMinutes(5));
            world.Advance(TimeSpan.FromHours(1));

            Assert.Contains("BootTime 30", fired);
            Assert.Contains("Monotonic 60", fired);
            Assert.Equal(TimeSpan.FromMinutes(5), steps[^1].Offset);
        },
        Once);

    [Fact]
    public void A_one_shot_of_one_of_the_kernels_descriptors_is_reported_once_until_it_is_armed() => Simulation.Run(
        world =>
        {
            const int Enough = 10;
            EventManager manager = world.CreateLoop("loop").Manager;
            using EventFd real = new(1);
            int calls = 0;
            SocketEvent once = manager.CreateSocketEvent(real, EventSet.In | EventSet.OneShot, (source, _) =>
            {
                if (++calls == Enough)
                {
                    source.Cancel();
                }
            });

            world.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(1, calls);
            once.Arm();
            world.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(2, calls);
            once.Cancel();
        },
        Once);

    [Fact]
    public void Bytes_arrive_in_order_after_their_time_and_a_full_pipe_takes_no_more() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            SimulatedLink link = new()
            {
                ShortestLatency = TimeSpan.FromMilliseconds(1),
                LongestLatency = TimeSpan.FromMilliseconds(5),
                Capacity = 100,
            };
            (FdHandle reader, FdHandle writer) = world.CreatePipe("pipe", link);
            List<byte> received = [];
            byte next = 0;
            SocketEvent? writes = null;
            writes = manager.CreateSocketEvent(writer, EventSet.Out, (_, _) =>
            {
                while (next < 250 && NonBlocking.TryWrite(writer, [next]).IsSuccess)
                {
                    next++;
                }

                world.Assert(next == 250 || !NonBlocking.TryWrite(writer, [0]).IsSuccess, "it takes more than fits");
                if (next == 250)
                {
                    writes!.Cancel();
                    writer.Dispose();
                }
            });
            manager.CreateSocketEvent(reader, EventSet.In, (read, _) =>
            {
                Span<byte> buffer = stackalloc byte[7];
                IOResult result = NonBlocking.TryRead(reader, buffer);
                received.AddRange(buffer[..result.Count]);
                if (result.IsEndOfStream)
                {
                    read.Cancel();
                    reader.Dispose();
                }
            });

            world.RunUntil(() => reader.IsClosed, TimeSpan.FromSeconds(1));

            Assert.Equal(Enumerable.Range(0, 250).Select(i => (byte)i), received);
            Assert.True(world.Clock.Elapsed >= TimeSpan.FromMilliseconds(3));
        },
        new SimulationOptions { Runs = 50 });

    [Fact]
    public void Clients_of_an_echo_server_get_everything_back_whatever_goes_wrong_but_resets() => Simulation.Run(
        world =>
        {
            world.Faults.Allow(FaultKinds.All & ~FaultKinds.Reset);
            EventManager manager = world.CreateLoop("server").Manager;
            FdHandle listener = world.Listen(Server);
            int connections = 0;
            manager.CreateSocketEvent(listener, EventSet.In, (_, _) =>
            {
                while (NonBlocking.TryAccept(listener, out FdHandle? connection).IsSuccess)
                {
                    connections++;
                    Echo(manager, connection!, () => connections--);
                }
            });
            byte[][] answers = [.. Enumerable.Range(0, 3).Select(_ => new byte[2_000])];
            int done = 0;
            for (int i = 0; i < answers.Length; i++)
            {
                Ask(world, answers[i], () => done++);
            }

            world.RunUntil(() => done == answers.Length && connections == 0);
            manager.Stop();
            world.RunUntil(() => world.Loops[0].HasEnded);
            listener.Dispose();
            foreach (byte[] answer in answers)
            {
                Assert.Equal(Enumerable.Range(0, answer.Length).Select(i => (byte)i), answer);
            }
        },
        new SimulationOptions { Runs = 100 });

    [Fact]
    public void A_reset_reaches_both_ends() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            (FdHandle first, FdHandle second) = world.CreateSocketPair();
            List<string> told = [];
            foreach (FdHandle end in new[] { first, second })
            {
                manager.CreateSocketEvent(end, EventSet.In, (read, ready) =>
                {
                    told.Add($"{ready} {NonBlocking.TryRead(end, new byte[1]).Errno}");
                    read.Cancel();
                    end.Dispose();
                });
            }

            NonBlocking.TryWrite(first, "lost"u8);
            world.Reset(first);
            world.RunUntilIdle();

            Assert.Equal(["In, Error, HangUp 104", "In, Error, HangUp 104"], told);
        },
        Once);

    [Fact]
    public void Who_closes_with_something_unread_resets_the_connection_and_a_half_closed_one_goes_on() => Simulation.Run(
        world =>
        {
            (FdHandle rude, FdHandle hurt) = world.CreateSocketPair();
            NonBlocking.TryWrite(hurt, "unread"u8);
            rude.Dispose();
            Assert.Equal(104, NonBlocking.TryRead(hurt, new byte[1]).Errno);
            hurt.Dispose();

            (FdHandle polite, FdHandle other) = world.CreateSocketPair();
            NonBlocking.TryShutdownWrite(polite);
            Assert.True(NonBlocking.TryRead(other, new byte[1]).IsEndOfStream);
            Assert.Equal(2, NonBlocking.TryWrite(other, "ok"u8).Count);
            Assert.Equal(2, NonBlocking.TryRead(polite, new byte[5]).Count);
            Assert.Equal(32, NonBlocking.TryWrite(polite, "no"u8).Errno);
            other.Dispose();
            polite.Dispose();
        },
        Once);

    [Fact]
    public void A_file_is_closed_with_the_last_of_its_numbers_and_a_duplicate_of_another_worlds_is_refused() => Simulation.Run(
        world =>
        {
            (FdHandle reader, FdHandle writer) = world.CreatePipe();
            FdHandle duplicate = world.Duplicate(writer);
            Assert.NotEqual(writer.DangerousGetHandle(), duplicate.DangerousGetHandle());

            writer.Dispose();
            Assert.Equal(2, NonBlocking.TryWrite(duplicate, "ok"u8).Count);
            Assert.Equal(2, NonBlocking.TryRead(reader, new byte[5]).Count);
            Assert.True(NonBlocking.TryRead(reader, new byte[5]).WouldBlock);
            duplicate.Dispose();
            Assert.True(NonBlocking.TryRead(reader, new byte[5]).IsEndOfStream);

            Assert.Throws<ObjectDisposedException>(() => world.Duplicate(writer));
#pragma warning disable VIGILT006 // A descriptor that is not the world's is what is refused.
            using UnixPipe real = new();
#pragma warning restore VIGILT006
            Assert.Throws<ArgumentException>(() => world.Duplicate(real.Reader));
            world.DescriptorLimit = world.OpenDescriptors;
            Assert.Throws<IOException>(() => world.Duplicate(reader));
            reader.Dispose();
        },
        Once);

    [Fact]
    public void A_listener_refuses_whom_its_queue_has_no_room_for_and_accepts_none_without_descriptors() => Simulation.Run(
        world =>
        {
            using FdHandle listener = world.Listen(Server, backlog: 2);
            Assert.Throws<IOException>(() => world.Listen(Server));
            FdHandle[] clients = [world.TryConnect(Server)!, world.TryConnect(Server)!];
            Assert.Null(world.TryConnect(Server));
            Assert.Null(world.TryConnect(new IPEndPoint(IPAddress.Loopback, 1)));

            world.DescriptorLimit = world.OpenDescriptors;
            Assert.True(NonBlocking.TryAccept(listener, out FdHandle? none).IsOutOfDescriptors);
            Assert.Null(none);
            Assert.Throws<IOException>(() => world.CreatePipe());
            world.DescriptorLimit++;
            Assert.True(NonBlocking.TryAccept(listener, out FdHandle? accepted, out EndPoint? peer).IsSuccess);
            Assert.NotNull(peer);

            accepted!.Dispose();
            Array.ForEach(clients, client => client.Dispose());
        },
        Once);

    [Fact]
    public void More_clients_connect_than_there_are_ports() => Simulation.Run(
        world =>
        {
            using FdHandle listener = world.Listen(Server);
            for (int i = 0; i <= IPEndPoint.MaxPort; i++)
            {
                world.TryConnect(Server)!.Dispose();
                Assert.True(NonBlocking.TryAccept(listener, out FdHandle? accepted).IsSuccess);
                accepted!.Dispose();
            }
        },
        new SimulationOptions { Runs = 1, RepeatOneIn = 0 });

    [Fact]
    public void Work_with_states_that_are_equal_runs_once_for_each() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            NamedAlike[] states = [new(1), new(2), new(3), new(4), new(5)];
            List<int> ran = [];
            Action<NamedAlike> work = state => ran.Add(state.Number);
            Array.ForEach(states, state => manager.ExecuteWork(WorkPriority.Normal, work, state));

            world.RunUntil(() => ran.Count == states.Length);

            Assert.Equal([1, 2, 3, 4, 5], ran.Order());
        },
        new SimulationOptions { Runs = 20 });

    [Fact]
    public void Work_runs_on_the_worlds_thread_and_its_results_come_back_to_the_loop() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            int thread = Environment.CurrentManagedThreadId;
            List<int> results = [];
            for (int i = 0; i < 20; i++)
            {
                int number = i;
                manager.ExecuteWork(
                    WorkPriority.Normal,
                    () =>
                    {
                        Assert.Equal(thread, Environment.CurrentManagedThreadId);
                        world.Yield();
                        return number;
                    },
                    (_, result) => results.Add(result));
            }

            world.RunUntil(() => results.Count == 20);
            Assert.Equal(Enumerable.Range(0, 20), results.Order());
        },
        Once);

    [Fact]
    public void A_seed_decides_the_order_and_different_seeds_find_different_ones()
    {
        HashSet<string> orders = [];
        Simulation.Run(
            world =>
            {
                List<string> order = [];
                foreach (string name in new[] { "a", "b", "c" })
                {
                    EventManager manager = world.CreateLoop(name).Manager;
                    manager.Defer(_ => order.Add(name));
                }

                world.RunUntilIdle();
                orders.Add(string.Concat(order));
            },
            new SimulationOptions { Runs = 60 });

        Assert.Equal(6, orders.Count);
    }

    [Fact]
    public void What_awaits_goes_on_on_its_loop_in_the_worlds_time() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            Task<TimeSpan> call = manager.RemoteEndpoint.CallAsync(async loop =>
            {
                await loop.Delay(TimeSpan.FromMinutes(3));
                await Task.Delay(TimeSpan.FromMinutes(2), loop.TimeProvider);
                Assert.True(loop.IsOnLoop);
                return world.Clock.Elapsed;
            });

            Assert.Equal(TimeSpan.FromMinutes(5), world.RunUntilEnded(call));
        },
        Once);

    [Fact]
    public void A_stalled_loop_is_late_and_counts_the_ticks_that_it_missed() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            List<long> missed = [];
            loop.Manager.CreateTimerEvent(
                TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(10), (_, tick) => missed.Add(tick.Missed));
            world.Advance(TimeSpan.FromMilliseconds(10));
            loop.Stall(TimeSpan.FromMilliseconds(45));
            world.Advance(TimeSpan.FromMilliseconds(50));

            Assert.Equal([0, 3, 0], missed);
        },
        Once);

    [Fact]
    public void A_negative_stall_is_refused_and_changes_nothing() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            Assert.Throws<ArgumentOutOfRangeException>(() => loop.Stall(TimeSpan.FromTicks(-1)));
            Assert.False(loop.IsStalled);
            Assert.Throws<ArgumentOutOfRangeException>(() => world.At(TimeSpan.FromTicks(-1), () => { }));
            Assert.Throws<ArgumentOutOfRangeException>(() => world.Faults.Rarity = 0);
        },
        Once);

    [Fact]
    public void What_a_worker_leaves_unread_is_reported_again_at_the_same_time() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            (FdHandle reader, FdHandle writer) = world.CreatePipe();
            int received = 0;
            manager.CreateSocketEvent(
                reader,
                EventSet.In,
                (read, _) =>
                {
                    IOResult result = NonBlocking.TryRead(reader, new byte[1]);
                    received += result.Count;
                    if (result.IsEndOfStream)
                    {
                        read.Cancel();
                        reader.Dispose();
                    }
                },
                new SocketEventOptions { Target = CallbackTarget.Worker() });
            NonBlocking.TryWrite(writer, new byte[10]);
            writer.Dispose();

            world.RunUntil(() => reader.IsClosed);

            Assert.Equal(10, received);
            Assert.Equal(TimeSpan.Zero, world.Clock.Elapsed);
        },
        new SimulationOptions { Runs = 20 });

    [Fact]
    public void A_loop_sleeps_while_others_run_and_what_they_post_wakes_it() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            EventManager other = world.CreateLoop("other").Manager;
            int received = 0;
            for (int i = 0; i < 20; i++)
            {
                other.Defer(_ => manager.RemoteEndpoint.Fire(_ => received++));
                other.ExecuteWork(WorkPriority.Normal, () => manager.RemoteEndpoint.Fire(_ => received++));
            }

            world.RunUntil(() => received == 40);
        },
        new SimulationOptions { Runs = 50 });

    [Fact]
    public void A_call_from_another_thread_is_refused_and_says_why() => Simulation.Run(
        world =>
        {
            Exception? refusal = null;
#pragma warning disable VIGILT001, VIGILT004 // A thread that is not the world's is what is refused.
            var thread = new Thread(() => refusal = Record.Exception(() => world.CreatePipe()));
            thread.Start();
            thread.Join();
#pragma warning restore VIGILT001, VIGILT004

            Assert.Contains("another thread", Assert.IsType<InvalidOperationException>(refusal).Message, StringComparison.Ordinal);
        },
        Once);

    private static void Echo(EventManager manager, FdHandle connection, Action onEnd)
    {
        Queue<byte> waiting = new();
        bool isAtEnd = false;
        manager.CreateSocketEvent(connection, EventSet.In | EventSet.Out | EventSet.EdgeTriggered, (connected, _) =>
        {
            Span<byte> buffer = stackalloc byte[64];
            IOResult result;
            do
            {
                result = NonBlocking.TryRead(connection, buffer);
                foreach (byte next in buffer[..result.Count])
                {
                    waiting.Enqueue(next);
                }
            }
            while (result.IsSuccess && !result.IsEndOfStream);
            isAtEnd |= result.IsEndOfStream;
            while (waiting.TryPeek(out byte first) && NonBlocking.TryWrite(connection, [first]).IsSuccess)
            {
                waiting.Dequeue();
            }

            if (isAtEnd && waiting.Count == 0)
            {
                connected.Cancel();
                connection.Dispose();
                onEnd();
            }
        });
    }

    // A client that is no program of Vigil's: it looks every millisecond.
    private static void Ask(World world, byte[] answer, Action onDone)
    {
        SimulatedLink link = SimulatedLink.WithLatency(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(9)) with { Capacity = 300 };
        FdHandle client = world.TryConnect(Server, link)!;
        int sent = 0;
        int received = 0;
        Look();

        void Look()
        {
            while (sent < answer.Length && NonBlocking.TryWrite(client, [(byte)sent]).IsSuccess)
            {
                sent++;
            }

            if (sent == answer.Length)
            {
                NonBlocking.TryShutdownWrite(client);
            }

            IOResult read = NonBlocking.TryRead(client, answer.AsSpan(received));
            received += read.Count;
            if (received == answer.Length)
            {
                client.Dispose();
                onDone();
                return;
            }

            world.At(TimeSpan.FromMilliseconds(1), Look);
        }
    }

    private sealed record NamedAlike(int Number)
    {
        public bool Equals(NamedAlike? other) => other is not null;

        public override int GetHashCode() => 0;
    }
}
