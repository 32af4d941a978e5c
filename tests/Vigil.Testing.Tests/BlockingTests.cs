using System.Globalization;

namespace Vigil.Testing.Tests;

/// <summary>Blocking calls and disposals in a world: everything else goes on while a callback or a work item waits for a loop.</summary>
public sealed class BlockingTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static readonly AsyncLocal<string?> Ambient = new();

    [ThreadStatic]
    private static string? _ofThread;

    [Fact]
    public void The_program_may_block_without_threads() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            RemoteEndpoint endpoint = loop.Manager.RemoteEndpoint;

            Assert.Equal("loop", endpoint.CallBlocking(manager => manager.Name));
            Assert.Equal("late", endpoint.CallBlocking(async manager =>
            {
                await Task.Delay(Second, manager.TimeProvider);
                return "late";
            }));
            Assert.Equal(Second, world.Clock.Elapsed);
            Assert.Equal("thrown", Assert.Throws<FormatException>(
                () => endpoint.CallBlocking(_ => throw new FormatException("thrown"))).Message);
        },
        new SimulationOptions { Runs = 20, RepeatOneIn = 1 });

    [Fact]
    public void An_asynchronous_program_may_block() => Simulation.Run(
        async world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            await Task.Delay(Second, world.Clock);
            Assert.Equal(1, loop.Manager.RemoteEndpoint.CallBlocking(_ => 1));
            await Task.Delay(Second, world.Clock);
            Assert.Equal(2, loop.Manager.RemoteEndpoint.CallBlocking(_ => 2));
        },
        new SimulationOptions { Runs = 20, RepeatOneIn = 1 });

    [Fact]
    public void Without_threads_a_work_item_that_blocks_is_told_the_option() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            Task work = manager.ExecuteWorkAsync(WorkPriority.Normal, () => manager.RemoteEndpoint.CallBlocking(_ => 1));

            var refusal = Assert.Throws<EventManagerException>(() => world.RunUntilEnded(work));

            Assert.Equal(EventManagerError.Reentrant, refusal.Error);
            Assert.Contains("SimulationOptions.AllowBlocking", refusal.Message);
        },
        new SimulationOptions { Runs = 20 });

    [Fact]
    public void A_timer_of_the_clock_cannot_block_and_an_action_of_the_world_can() => Simulation.Run(
        world =>
        {
            RemoteEndpoint endpoint = world.CreateLoop("loop").Manager.RemoteEndpoint;
            string? refusal = null;
            int result = 0;
            using ITimer timer = world.Clock.CreateTimer(
                _ => refusal = Assert.Throws<EventManagerException>(() => endpoint.CallBlocking(_ => { })).Message,
                null,
                Second,
                Timeout.InfiniteTimeSpan);
            world.At(Second, () => result = endpoint.CallBlocking(_ => 5));

            world.RunUntil(() => refusal is not null && result == 5);

            Assert.Contains("World.At", refusal);
        },
        Threads(20));

    [Fact]
    public void Work_items_call_their_loop_and_go_on_with_what_it_returns() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            int served = 0;
            List<int> results = [];
            for (int i = 0; i < 5; i++)
            {
                int number = i;
                manager.RemoteEndpoint.Fire(loop => loop.ExecuteWork(
                    WorkPriority.Normal,
                    () =>
                    {
                        int first = manager.RemoteEndpoint.CallBlocking(_ => ++served * 10);
                        world.Yield();
                        return manager.RemoteEndpoint.CallBlocking(_ => number + first - first);
                    },
                    (_, result) => results.Add(result)));
            }

            world.RunUntil(() => results.Count == 5);

            Assert.Equal([0, 1, 2, 3, 4], results.Order());
            Assert.Equal(TimeSpan.Zero, world.Clock.Elapsed);
        },
        Threads(40));

    [Fact]
    public void The_seed_decides_in_which_order_blocked_items_go_on()
    {
        HashSet<string> orders = [];
        Simulation.Run(
            world =>
            {
                EventManager manager = world.CreateLoop("loop").Manager;
                string order = "";
                int ended = 0;
                foreach (string name in (string[])["a", "b"])
                {
                    manager.ExecuteWork(WorkPriority.Normal, () =>
                    {
                        manager.RemoteEndpoint.CallBlocking(_ => order += name);
                        order += name.ToUpperInvariant();
                        ended++;
                    });
                }

                world.RunUntil(() => ended == 2);
                orders.Add(order);
            },
            Threads(40));

        Assert.Contains("aAbB", orders);
        Assert.Contains("bBaA", orders);
        Assert.Contains("abAB", orders);
        Assert.Contains("abBA", orders);
    }

    [Fact]
    public void Two_runs_of_a_seed_have_the_same_history()
    {
        List<ulong>[] hashes = [[], []];
        foreach (List<ulong> run in hashes)
        {
            Simulation.Run(
                world =>
                {
                    Chatter(world);
                    run.Add(world.Hash);
                },
                new SimulationOptions { Runs = 15, RepeatOneIn = 0, AllowBlocking = true });
        }

        Assert.Equal(hashes[0], hashes[1]);
        Assert.Equal(hashes[0].Count, hashes[0].Distinct().Count());
    }

    [Fact]
    public void Threads_change_nothing_in_a_program_that_does_not_block()
    {
        List<ulong>[] hashes = [[], []];
        foreach (bool allowsBlocking in (bool[])[false, true])
        {
            Simulation.Run(
                world =>
                {
                    EventManager[] loops = [.. Enumerable.Range(0, 2).Select(i => world.CreateLoop($"loop {i}").Manager)];
                    int ended = 0;
                    foreach (EventManager loop in loops)
                    {
                        loop.CreateTimerEvent(Second, Second, (_, _) => loops[0].RemoteEndpoint.Fire(_ => world.Note($"{ended}")));
                        for (int i = 0; i < 3; i++)
                        {
                            loop.ExecuteWork(WorkPriority.Normal, () =>
                            {
                                world.Yield();
                                ended++;
                            });
                        }
                    }

                    world.At(Second, () => loops[1].RemoteEndpoint.Fire(_ => world.Note("now")));
                    world.Advance(TimeSpan.FromSeconds(3));
                    Assert.Equal(6, ended);
                    hashes[allowsBlocking ? 1 : 0].Add(world.Hash);
                },
                new SimulationOptions { Runs = 20, RepeatOneIn = 0, AllowBlocking = allowsBlocking });
        }

        Assert.Equal(hashes[0], hashes[1]);
    }

    [Fact]
    public void Loops_call_each_other_while_both_are_free() => Simulation.Run(
        world =>
        {
            EventManager front = world.CreateLoop("front").Manager;
            EventManager back = world.CreateLoop("back").Manager;
            int answer = 0;
            front.RemoteEndpoint.Fire(_ => answer = back.RemoteEndpoint.CallBlocking(manager =>
            {
                Assert.Same(back, manager);
                Assert.Same(back, EventManager.Current);
                return 7;
            }));

            world.RunUntil(() => answer == 7);
        },
        Threads(20));

    [Fact]
    public void A_callback_that_calls_its_own_loop_is_refused() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            Task call = manager.RemoteEndpoint.CallAsync(loop => loop.RemoteEndpoint.CallBlocking(_ => { }));

            var refusal = Assert.Throws<EventManagerException>(() => world.RunUntilEnded(call));

            Assert.Equal(EventManagerError.Reentrant, refusal.Error);
            Assert.Contains("would wait for itself", refusal.Message);
        },
        Threads(20));

    [Fact]
    public void Exceptions_of_closures_go_to_the_item_that_waits() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            Task<string> work = manager.ExecuteWorkAsync(WorkPriority.Normal, () =>
            {
                string first = Assert.Throws<FormatException>(
                    () => manager.RemoteEndpoint.CallBlocking(_ => throw new FormatException("at once"))).Message;
                string second = Assert.Throws<FormatException>(() => manager.RemoteEndpoint.CallBlocking(async _ =>
                {
                    await Task.Delay(Second, world.Clock);
                    throw new FormatException("later");
                })).Message;
                return $"{first}, {second}";
            });

            Assert.Equal("at once, later", world.RunUntilEnded(work));
        },
        Threads(20));

    [Fact]
    public void A_timeout_passes_in_the_worlds_time() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            loop.Stall(TimeSpan.FromSeconds(10));
            int ran = 0;
            Task<TimeSpan>[] calls =
            [
                loop.Manager.ExecuteWorkAsync(WorkPriority.Normal, () =>
                {
                    Assert.Throws<TimeoutException>(() => loop.Manager.RemoteEndpoint.CallBlocking(_ => ran++, TimeSpan.FromSeconds(3)));
                    return world.Clock.Elapsed;
                }),
                loop.Manager.ExecuteWorkAsync(WorkPriority.Normal, () =>
                {
                    Assert.Throws<TimeoutException>(() => loop.Manager.RemoteEndpoint.CallBlocking(
                        async _ =>
                        {
                            await Task.Yield();
                            ran++;
                        },
                        TimeSpan.FromSeconds(4)));
                    return world.Clock.Elapsed;
                }),
            ];

            Assert.Throws<TimeoutException>(() => loop.Manager.RemoteEndpoint.CallBlocking(_ => ran++, TimeSpan.FromSeconds(2)));
            Assert.Equal(TimeSpan.FromSeconds(2), world.Clock.Elapsed);
            Assert.Equal(TimeSpan.FromSeconds(3), world.RunUntilEnded(calls[0]));
            Assert.Equal(TimeSpan.FromSeconds(4), world.RunUntilEnded(calls[1]));
            world.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(0, ran);
        },
        Threads(20));

    [Fact]
    public void A_timeout_of_zero_is_over_at_once_or_not_as_the_seed_says()
    {
        HashSet<bool> outcomes = [];
        Simulation.Run(
            world =>
            {
                EventManager manager = world.CreateLoop("loop").Manager;
                Task<bool> work = manager.ExecuteWorkAsync(WorkPriority.Normal, () =>
                {
                    try
                    {
                        manager.RemoteEndpoint.CallBlocking(_ => { }, TimeSpan.Zero);
                        return true;
                    }
                    catch (TimeoutException)
                    {
                        return false;
                    }
                });
                outcomes.Add(world.RunUntilEnded(work));
            },
            Threads(20));

        Assert.Equal(2, outcomes.Count);
    }

    [Fact]
    public void A_token_ends_the_wait() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            loop.Stall(TimeSpan.FromSeconds(10));
            using CancellationTokenSource source = new(Second, world.Clock);
            int ran = 0;
            Task<TimeSpan> work = loop.Manager.ExecuteWorkAsync(WorkPriority.Normal, () =>
            {
                Assert.Throws<OperationCanceledException>(() => loop.Manager.RemoteEndpoint.CallBlocking(_ => ran++, source.Token));
                return world.Clock.Elapsed;
            });

            Assert.Equal(Second, world.RunUntilEnded(work));
            world.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(0, ran);
        },
        Threads(20));

    [Fact]
    public void A_deadlock_of_two_loops_is_found_and_named()
    {
        var failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                EventManager left = world.CreateLoop("left").Manager;
                EventManager right = world.CreateLoop("right").Manager;
                int ended = 0;
                left.RemoteEndpoint.Fire(_ =>
                {
                    right.RemoteEndpoint.CallBlocking(_ => { });
                    ended++;
                });
                right.RemoteEndpoint.Fire(_ =>
                {
                    left.RemoteEndpoint.CallBlocking(_ => { });
                    ended++;
                });

                world.RunUntil(() => ended == 2);
            },
            Threads(40)));

        Assert.Contains("Deadlock: the loop left waits for the loop right, which waits for the loop left.", failure.Message);
    }

    [Fact]
    public void A_call_of_a_loop_whose_run_is_over_is_found_and_named()
    {
        SimulationFailedException failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                SimulatedPool pool = world.CreatePool("workers", threads: 1);
                SimulatedLoop loop = world.CreateLoop("loop", options => options.Workers = pool);
                loop.Manager.Stop();
                world.RunUntil(() => loop.HasEnded);
                world.RunUntilEnded(
                    loop.Manager.ExecuteWorkAsync(WorkPriority.Normal, () => loop.Manager.RemoteEndpoint.CallBlocking(_ => 1)));
            },
            Threads(5)));
        Assert.Contains("Deadlock: thread 0 of workers waits for the loop loop, whose run is over.", failure.Message);

        failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                SimulatedLoop loop = world.CreateLoop("loop");
                loop.Manager.Stop();
                world.RunUntil(() => loop.HasEnded);
                loop.Manager.RemoteEndpoint.CallBlocking(_ => { });
            },
            new SimulationOptions { Runs = 1 }));
        Assert.Contains("Deadlock: the program waits for the loop loop, whose run is over.", failure.Message);
    }

    [Fact]
    public void A_loop_that_waits_for_work_which_waits_for_that_loop_is_a_deadlock_that_is_named()
    {
        var failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                SimulatedPool pool = world.CreatePool("workers", threads: 1);
                EventManager loop = world.CreateLoop("loop", options => options.Workers = pool).Manager;
                EventManager helper = world.CreateLoop("helper").Manager;
                loop.RemoteEndpoint.Fire(_ => helper.RemoteEndpoint.CallBlocking(
                    _ => loop.ExecuteWorkAsync(WorkPriority.Normal, () => loop.RemoteEndpoint.CallBlocking(_ => 1))));
                world.RunUntil(() => pool.Done == 1);
            },
            Threads(5)));

        Assert.Contains("the loop loop is blocked until the loop helper has done something", failure.Message);
        Assert.Contains("thread 0 of workers is blocked until the loop loop has done something", failure.Message);
        Assert.Contains("Deadlock: thread 0 of workers waits for the loop loop, which waits for the loop helper.", failure.Message);
    }

    [Fact]
    public void A_disposal_waits_for_a_loop_that_is_blocked_in_a_callback() => Simulation.Run(
        world =>
        {
            SimulatedLoop slow = world.CreateLoop("slow");
            EventManager fast = world.CreateLoop("fast").Manager;
            slow.Stall(Second);
            bool isEnded = false;
            fast.RemoteEndpoint.Fire(_ =>
            {
                slow.Manager.RemoteEndpoint.CallBlocking(_ => { });
                isEnded = true;
            });
            Task<bool> disposal = slow.Manager.ExecuteWorkAsync(WorkPriority.Normal, () =>
            {
                // Under way for as long as the loop it calls is stalled.
                world.Yield();
                fast.Dispose();
                return isEnded;
            });

            bool hasWaited = world.RunUntilEnded(disposal);
            Assert.Throws<ObjectDisposedException>(() => fast.RemoteEndpoint.Fire(_ => { }));
            Assert.True(hasWaited || !isEnded);
            Assert.Equal(hasWaited ? Second : TimeSpan.Zero, world.Clock.Elapsed);
        },
        Threads(20));

    [Fact]
    public void A_disposal_waits_no_longer_than_its_timeout() => Simulation.Run(
        world =>
        {
            SimulatedLoop slow = world.CreateLoop("slow");
            EventManager fast = world.CreateLoop("fast").Manager;
            slow.Stall(TimeSpan.FromSeconds(5));
            bool isEnded = false;
            fast.RemoteEndpoint.Fire(_ =>
            {
                slow.Manager.RemoteEndpoint.CallBlocking(_ => { });
                isEnded = true;
            });
            world.RunUntilIdle();

            Assert.False(fast.Dispose(Second));
            Assert.Equal(Second, world.Clock.Elapsed);
            fast.Dispose();
            Assert.True(isEnded);
            Assert.Equal(TimeSpan.FromSeconds(5), world.Clock.Elapsed);
        },
        Threads(20));

    [Fact]
    public void Who_waits_for_a_loop_that_is_disposed_goes_on_with_the_reason() => Simulation.Run(
        world =>
        {
            SimulatedLoop loop = world.CreateLoop("loop");
            loop.Stall(TimeSpan.FromSeconds(5));
            Task<string> work = loop.Manager.ExecuteWorkAsync(
                WorkPriority.Normal,
                () => Assert.Throws<ObjectDisposedException>(() => loop.Manager.RemoteEndpoint.CallBlocking(_ => 1)).ObjectName);
            world.RunUntilIdle();

            loop.Manager.Dispose();

            Assert.NotEmpty(world.RunUntilEnded(work));
            Assert.Equal(TimeSpan.Zero, world.Clock.Elapsed);
        },
        Threads(20));

    [Fact]
    public void Items_that_are_blocked_when_the_program_ends_are_ended_by_the_disposal_of_the_loops()
    {
        int ended = 0;
        Simulation.Run(
            world =>
            {
                SimulatedLoop loop = world.CreateLoop("loop");
                loop.Stall(TimeSpan.FromDays(1));
                loop.Manager.ExecuteWork(WorkPriority.Normal, () =>
                {
                    Assert.Throws<ObjectDisposedException>(() => loop.Manager.RemoteEndpoint.CallBlocking(_ => 1));
                    ended++;
                });
                world.RunUntilIdle();
            },
            Threads(10));

        Assert.Equal(20, ended);
    }

    [Fact]
    public void A_failed_run_unwinds_what_is_blocked_and_leaves_no_thread()
    {
        HashSet<Thread> threads = [];
        int unwound = 0;
        var failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                // The run is repeated to find what its failure takes.
                threads.Clear();
                unwound = 0;
                SimulatedLoop loop = world.CreateLoop("loop");
                EventManager other = world.CreateLoop("other").Manager;
                loop.Stall(TimeSpan.FromDays(1));
                Action wait = () =>
                {
                    threads.Add(Thread.CurrentThread);
                    try
                    {
                        loop.Manager.RemoteEndpoint.CallBlocking(_ => { });
                    }
                    finally
                    {
                        unwound++;
                    }
                };
                loop.Manager.ExecuteWork(WorkPriority.Normal, wait);
                loop.Manager.ExecuteWork(WorkPriority.Normal, wait);
                other.RemoteEndpoint.Fire(_ => wait());
                world.At(TimeSpan.Zero, wait);
                world.Advance(Second);
                world.Assert(false, "this is wrong");
            },
            new SimulationOptions { Runs = 1, AllowBlocking = true }));

        Assert.Contains("this is wrong", failure.Message);
        Assert.Equal(4, unwound);
        Assert.Equal(4, threads.Count);
        Assert.DoesNotContain(threads, thread => thread.IsAlive);
        Assert.DoesNotContain(Thread.CurrentThread, threads);
    }

    [Fact]
    public void Code_that_never_stops_trying_is_reported_by_its_thread()
    {
        var failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                SimulatedPool pool = world.CreatePool("workers", threads: 1);
                SimulatedLoop loop = world.CreateLoop("loop", options => options.Workers = pool);
                loop.Stall(TimeSpan.FromDays(1));
                loop.Manager.ExecuteWork(WorkPriority.Normal, () =>
                {
                    bool hasSucceeded = false;
                    while (!hasSucceeded)
                    {
                        try
                        {
                            loop.Manager.RemoteEndpoint.CallBlocking(_ => { });
                            hasSucceeded = true;
                        }
                        catch (Exception)
                        {
                            // Tries again, whatever it was.
                        }
                    }
                });
                world.RunUntilIdle();
                world.Assert(false, "this is wrong");
            },
            new SimulationOptions { Runs = 1, AllowBlocking = true }));

        Assert.Contains("this is wrong", failure.Message);
        Assert.Contains("thread 0 of workers blocked again and again", failure.Message);
    }

    [Fact]
    public void A_race_of_a_supervisor_with_the_disposal_of_what_it_supervises_is_found_and_repeats_with_its_seed()
    {
        var failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(Supervise, Threads(500)));
        Assert.Contains("the supervisor has died", failure.Message);

        var again = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            Supervise, new SimulationOptions { Runs = 1, Seed = failure.Seed, AllowBlocking = true }));
        Assert.Equal(failure.Message, again.Message);

        static void Supervise(World world)
        {
            EventManager supervisor = world.CreateLoop("supervisor").Manager;
            EventManager service = world.CreateLoop("service").Manager;
            bool isOpen = true;
            Task check = supervisor.ExecuteWorkAsync(WorkPriority.Normal, () =>
            {
                // The bug: it may be closed between the look and the call, and while the call waits.
                if (isOpen)
                {
                    service.RemoteEndpoint.CallBlocking(_ => { });
                }
            });
            Task close = supervisor.RemoteEndpoint.CallAsync(_ =>
            {
                isOpen = false;
                service.Dispose();
            });

            world.RunUntil(() => check.IsCompleted && close.IsCompleted);
            world.Assert(!check.IsFaulted, "the supervisor has died");
        }
    }

    [Fact]
    public void A_thread_keeps_nobodys_context_and_a_worker_is_one_thread() => Simulation.Run(
        world =>
        {
            Ambient.Value = "the program's";
            SimulatedPool pool = world.CreatePool("workers", threads: 2);
            EventManager manager = world.CreateLoop("loop", options => options.Workers = pool).Manager;
            List<string> seen = [];
            Task first = manager.ExecuteWorkAsync(WorkTarget.Thread(1), () =>
            {
                seen.Add($"{Ambient.Value}");
                Ambient.Value = "the item's";
                CultureInfo.CurrentCulture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
                _ofThread = world.Seed.ToString(CultureInfo.InvariantCulture);
                manager.RemoteEndpoint.CallBlocking(_ => seen.Add($"{Ambient.Value}"));
                seen.Add($"{Ambient.Value}");
            });
            world.RunUntilEnded(first);
            using (ExecutionContext.SuppressFlow())
            {
                manager.ExecuteWork(WorkTarget.Thread(1), () =>
                {
                    seen.Add($"{Ambient.Value ?? "none"}, {CultureInfo.CurrentCulture.IsReadOnly}");
                    seen.Add($"{_ofThread}");
                });
            }

            world.RunUntil(() => pool.Done == 2);

            Assert.Equal("the program's", Ambient.Value);
            Assert.Equal(["the program's", "the item's", "the item's", "none, True", $"{world.Seed}"], seen);
        },
        Threads(10));

    [Fact]
    public void Asynchronous_work_may_block_after_it_has_awaited() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            Task<int> work = manager.ExecuteWorkAsync(WorkPriority.Normal, async () =>
            {
                int first = await manager.RemoteEndpoint.CallAsync(_ => 1);
                await Task.Delay(Second, world.Clock);
                return first + manager.RemoteEndpoint.CallBlocking(_ => 2);
            });

            Assert.Equal(3, world.RunUntilEnded(work));
        },
        Threads(20));

    [Fact]
    public void A_loop_that_is_used_by_a_work_item_while_it_sleeps_is_refused_as_on_a_machine()
    {
        var failure = Assert.Throws<SimulationFailedException>(() => Simulation.Run(
            world =>
            {
                EventManager manager = world.CreateLoop("loop").Manager;
                world.RunUntilEnded(manager.ExecuteWorkAsync(WorkPriority.Normal, () => manager.Defer(_ => { })));
            },
            Threads(40)));

        Assert.Contains("in use by another thread", failure.Message);
    }

    private static SimulationOptions Threads(int runs) => new() { Runs = runs, RepeatOneIn = 1, AllowBlocking = true };

    private static void Chatter(World world)
    {
        EventManager[] loops = [.. Enumerable.Range(0, 3).Select(i => world.CreateLoop($"loop {i}").Manager)];
        int sum = 0;
        int ended = 0;
        foreach (EventManager loop in loops)
        {
            for (int i = 0; i < 3; i++)
            {
                loop.ExecuteWork(WorkPriority.Normal, () =>
                {
                    foreach (EventManager other in loops)
                    {
                        world.Note($"sum {other.RemoteEndpoint.CallBlocking(_ => ++sum, TimeSpan.FromSeconds(30))}");
                        world.Yield();
                    }

                    ended++;
                });
            }
        }

        world.RunUntil(() => ended == 9);
        Assert.Equal(27, sum);
    }
}
