namespace Vigil.Tests;

public sealed class UserEventTests
{
    private readonly List<long> _values = [];

    [Theory]
    [InlineData(UserEventMerge.Add, 0b1101)]
    [InlineData(UserEventMerge.Or, 0b0111)]
    [InlineData(UserEventMerge.Replace, 0b0110)]
    public void Triggers_before_the_loops_turn_are_one_callback_with_the_merged_value(UserEventMerge merge, long expected)
    {
        using var manager = new EventManager();
        UserEvent userEvent = manager.CreateUserEvent(merge, (_, value) => _values.Add(value));
        Assert.True(userEvent.Trigger(0b0101));
        Assert.True(userEvent.Trigger(0b0010));
        Assert.True(userEvent.Trigger(0b0110));
        Assert.Equal(1, manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Assert.Equal([expected], _values);
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Eight_threads_trigger_again_and_again_and_nothing_is_lost_or_counted_twice()
    {
        const int Threads = 8;
        int each = Scale.Times(40_000);
        using var loop = new LoopThread();
        long sum = 0;
        long calls = 0;
        using var done = new ManualResetEventSlim();
        UserEvent userEvent = loop.Endpoint.CallBlocking(manager => manager.CreateUserEvent(UserEventMerge.Add, (_, value) =>
        {
            calls++;
            sum += value;
            if (sum == (long)Threads * each)
            {
                done.Set();
            }
        }));
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < each; i++)
            {
                userEvent.Trigger();
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.True(done.Wait(Patience.Limit), $"the sum is {Volatile.Read(ref sum)}");
        Assert.Equal((long)Threads * each, loop.Endpoint.CallBlocking(_ => sum));
        Assert.InRange(calls, 1, (long)Threads * each);
    }

    [Fact]
    public void Every_bit_that_threads_set_arrives()
    {
        using var loop = new LoopThread();
        long bits = 0;
        using var done = new ManualResetEventSlim();
        UserEvent userEvent = loop.Endpoint.CallBlocking(manager => manager.CreateUserEvent(UserEventMerge.Or, (_, value) =>
        {
            bits |= value;
            if (bits == long.MaxValue)
            {
                done.Set();
            }
        }));
        Parallel.For(0, 63, bit => userEvent.Trigger(1L << bit));
        Assert.True(done.Wait(Patience.Limit), $"{bits:x}");
    }

    [Fact]
    public void A_trigger_wakes_a_sleeping_loop_that_another_loop_triggers()
    {
        using var first = new LoopThread();
        using var second = new LoopThread();
        using var done = new ManualResetEventSlim();
        UserEvent pong = first.Endpoint.CallBlocking(manager => manager.CreateUserEvent(UserEventMerge.Replace, (_, _) => done.Set()));
        UserEvent ping = second.Endpoint.CallBlocking(
            manager => manager.CreateUserEvent(UserEventMerge.Replace, (_, value) => pong.Trigger(value)));
        ping.Trigger();
        Assert.True(done.Wait(Patience.Limit));
    }

    [Fact]
    public void A_trigger_in_its_own_callback_counts_for_the_next_iteration()
    {
        using var manager = new EventManager();
        UserEvent userEvent = manager.CreateUserEvent(UserEventMerge.Add, (source, value) =>
        {
            _values.Add(value);
            source.Trigger(value + 1);
        });
        userEvent.Trigger();
        for (int i = 1; i <= 3; i++)
        {
            Assert.Equal(1, manager.RunOnce());
            Assert.Equal(i, _values.Count);
        }

        Assert.Equal([1, 2, 3], _values);
    }

    [Fact]
    public void A_sum_stays_at_the_greatest_value_and_zero_triggers_too()
    {
        using var manager = new EventManager();
        UserEvent userEvent = manager.CreateUserEvent(UserEventMerge.Add, (_, value) => _values.Add(value));
        userEvent.Trigger(0);
        manager.RunOnce();
        userEvent.Trigger(long.MaxValue);
        userEvent.Trigger(5);
        manager.RunOnce();
        Assert.Equal([0, long.MaxValue], _values);
        Assert.Throws<ArgumentOutOfRangeException>(() => userEvent.Trigger(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => manager.CreateUserEvent((UserEventMerge)7, (_, _) => { }));
    }

    [Fact]
    public void What_was_triggered_is_not_delivered_after_cancellation()
    {
        using var manager = new EventManager();
        UserEvent userEvent = manager.CreateUserEvent(UserEventMerge.Add, (_, value) => _values.Add(value));
        userEvent.Trigger();
        userEvent.Cancel();
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Assert.False(userEvent.Trigger());
        Assert.Empty(_values);
    }

    [Fact]
    public void After_the_manager_was_disposed_nothing_can_be_triggered()
    {
        var manager = new EventManager();
        UserEvent userEvent = manager.CreateUserEvent(UserEventMerge.Add, (_, value) => _values.Add(value));
        userEvent.Trigger();
        manager.Dispose();
        Assert.True(userEvent.IsCancelled);
        Assert.False(userEvent.Trigger());
        userEvent.Cancel();
        Assert.Empty(_values);
    }

    [Fact]
    public void A_callback_that_throws_meets_the_fault_policy()
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Detach });
        FaultReport? report = null;
        manager.FaultReported += (_, fault) => report = fault;
        UserEvent userEvent = manager.CreateUserEvent(UserEventMerge.Add, (_, _) => throw new InvalidOperationException("bad"));
        userEvent.Trigger();
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal(FaultOrigin.UserEvent, report?.Origin);
        Assert.Same(userEvent, report?.Event);
        Assert.True(userEvent.IsCancelled);
    }

    [Fact]
    public void Triggering_allocates_nothing()
    {
        using var manager = new EventManager();
        UserEvent userEvent = manager.CreateUserEvent(UserEventMerge.Add, (_, _) => { });
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                userEvent.Trigger();
                userEvent.Trigger();
                manager.RunOnce();
            }
        });
    }
}
