using Vigil.Timing;

namespace Vigil.Internals.Tests.Timing;

public sealed class TimingWheelTests
{
    private const long Second = 1_000_000_000;

    [Theory]
    [InlineData(1, 10, 0, false)]
    [InlineData(2, 300, 123_456_789_012_345, false)]
    [InlineData(3, 5_000, 86_400_000_000_000, false)]
    [InlineData(4, 20_000, 1, false)]
    [InlineData(5, 10, 0, true)]
    [InlineData(6, 300, 123_456_789_012_345, true)]
    [InlineData(7, 5_000, 86_400_000_000_000, true)]
    [Trait("Duration", "Scaled")]
    public void After_very_many_random_operations_it_agrees_with_a_sorted_list(int seed, int mostTimers, long now, bool hasLeeway)
    {
        const int Steps = 200_000;
        var model = new TimingWheelModel(Scale.Seed(seed), mostTimers, now, hasLeeway);
        for (int i = 0; i < Scale.Times(Steps); i++)
        {
            model.Step();
        }

        model.CheckEverything();
        Assert.True(model.Fired > 1_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("Duration", "Scaled")]
    public void A_clock_that_is_set_back_and_forth_changes_nothing_about_the_order(int seed)
    {
        var random = new Random(Scale.Seed(seed));
        var model = new TimingWheelModel(Scale.Seed(seed), mostTimers: 500, now: 1000 * Second);
        for (int i = 0; i < Scale.Times(300); i++)
        {
            for (int step = 0; step < 500; step++)
            {
                model.Step();
            }

            model.SetClock(random.NextInt64(2000 * Second));
        }

        model.CheckEverything();
    }

    [Fact]
    public void A_hundred_thousand_with_one_deadline_come_in_order_of_their_start()
    {
        const int Count = 100_000;
        var wheel = new TimingWheel(now: 5);
        WheelTimer[] timers = Start(wheel, Count, _ => Second);

        wheel.Expire(Second - 1);
        Assert.False(wheel.TryTakeDue(out _));
        wheel.Expire(Second);
        Assert.Equal(timers, TakeAll(wheel));
    }

    [Fact]
    public void A_hundred_thousand_with_random_deadlines_in_one_bucket_come_in_exact_order()
    {
        const int Count = 100_000;
        var random = new Random(7);
        var wheel = new TimingWheel(now: 0);
        WheelTimer[] timers = Start(wheel, Count, _ => (1000 * Second) + random.Next(50_000));

        wheel.Expire(2000 * Second);
        Assert.Equal(timers.OrderBy(timer => timer.Deadline), TakeAll(wheel));
    }

    [Fact]
    public void What_is_started_while_a_batch_is_taken_waits_for_the_next_however_early_it_is()
    {
        var wheel = new TimingWheel(now: 0);
        Start(wheel, 2, _ => 10);
        var late = new WheelTimer();
        wheel.Expire(10);

        Assert.True(wheel.TryTakeDue(out _));
        late.Start(wheel, deadline: 3);
        Assert.True(wheel.TryTakeDue(out ITimerTarget? second));
        Assert.NotSame(late, second);
        Assert.False(wheel.TryTakeDue(out _));
        Assert.True(wheel.HasOverdue);
        wheel.Expire(10);
        Assert.True(wheel.TryTakeDue(out ITimerTarget? third));
        Assert.Same(late, third);
    }

    [Fact]
    public void What_is_cancelled_in_the_batch_does_not_come()
    {
        var wheel = new TimingWheel(now: 0);
        WheelTimer[] timers = Start(wheel, 3, _ => 10);
        wheel.Expire(10);

        Assert.True(wheel.TryTakeDue(out _));
        timers[1].Cancel(wheel);
        Assert.Equal([timers[2]], TakeAll(wheel));
    }

    [Fact]
    public void A_mass_cancellation_in_a_batch_moves_timers_in_memory_but_not_in_the_batch()
    {
        const int Count = 50_000;
        var wheel = new TimingWheel(now: 0);
        WheelTimer[] timers = Start(wheel, Count, i => Second + ((Count - i) * 10));
        wheel.Expire(2 * Second);
        Assert.True(wheel.TryTakeDue(out ITimerTarget? first));
        first.Fire(now: 0);
        Assert.Same(timers[^1], first);

        int capacity = wheel.Capacity;
        WheelTimer next = timers[^2];
        int slot = next.Slot;
        foreach (WheelTimer cancelled in timers.Take(Count - 1_000))
        {
            cancelled.Cancel(wheel);
        }

        Assert.InRange(wheel.Capacity, 0, capacity / 2);
        Assert.NotEqual(slot, next.Slot);
        Assert.Equal(timers.Skip(Count - 1_000).SkipLast(1).Reverse(), TakeAll(wheel));
    }

    [Fact]
    public void A_timer_with_leeway_goes_with_an_earlier_one_but_never_before_its_window()
    {
        const long Leeway = 10 * TimingWheel.LeewayUnit;
        var wheel = new TimingWheel(now: 0);
        var exact = new WheelTimer();
        var tolerant = new WheelTimer();
        tolerant.Start(wheel, Second, Leeway);
        Assert.Equal(Second, wheel.NextDeadline);

        wheel.Expire(Second - Leeway - 1);
        Assert.False(wheel.TryTakeDue(out _));
        exact.Start(wheel, Second - Leeway);
        wheel.Expire(Second - Leeway);
        Assert.Equal([exact, tolerant], TakeAll(wheel));
    }

    [Fact]
    public void A_timer_with_leeway_that_is_started_in_a_batch_waits_for_the_next_although_its_window_has_begun()
    {
        var wheel = new TimingWheel(now: 0);
        WheelTimer timer = Assert.Single(Start(wheel, 1, _ => Second));
        for (int i = 0; i < 3; i++)
        {
            wheel.Expire(Second);
            Assert.True(wheel.TryTakeDue(out ITimerTarget? taken));
            Assert.Same(timer, taken);
            taken.Fire(now: 0);
            timer.Start(wheel, 2 * Second, leeway: 2 * Second);
            Assert.True(wheel.HasOverdue);
            Assert.False(wheel.TryTakeDue(out _));
        }
    }

    [Fact]
    public void A_batch_that_was_taken_to_its_end_stays_empty_although_memory_was_given_back()
    {
        const int Due = 2_999;
        var wheel = new TimingWheel(now: 0);
        WheelTimer[] timers = Start(wheel, Due + 1, i => i < Due ? Second : Second + 10);
        Assert.Equal(Due, ExpireAll(wheel, Second).Count);
        Assert.NotEqual(Due + 1, timers[Due].Slot);
        Assert.False(wheel.TryTakeDue(out _));
        Assert.Equal([timers[Due]], ExpireAll(wheel, 2 * Second));
    }

    [Fact]
    public void Memory_is_given_back_after_a_mass_cancellation_although_some_remain()
    {
        const int Count = 1_000_000;
        const int Remaining = 1_000;
        var random = new Random(3);
        var wheel = new TimingWheel(now: 0);
        WheelTimer[] timers = Start(wheel, Count, _ => random.NextInt64(100 * Second));
        Assert.InRange(wheel.Capacity, Count, Count + (Count / 100));

        random.Shuffle(timers);
        foreach (WheelTimer timer in timers.Skip(Remaining))
        {
            timer.Cancel(wheel);
        }

        Assert.InRange(wheel.Capacity, Remaining, (4 * Remaining) + 4_096);
        Assert.Equal(timers.Take(Remaining).OrderBy(timer => timer.Deadline), ExpireAll(wheel, 100 * Second));
    }

    [Fact]
    public void Memory_is_given_back_when_most_have_fired_a_piece_with_each_batch_after_it()
    {
        const int Count = 200_000;
        const int Batches = 200;
        var wheel = new TimingWheel(now: 0);
        Start(wheel, Count, i => i < 1_000 ? 10 * Second : Second);
        wheel.Expire(Second);
        Assert.Equal(Count - 1_000, TakeAll(wheel).Count);
        for (int i = 1; i <= Batches; i++)
        {
            Assert.Empty(ExpireAll(wheel, Second + i));
        }

        Assert.InRange(wheel.Capacity, 1_000, 8_192);
        Assert.Equal(1_000, ExpireAll(wheel, 10 * Second).Count);
    }

    [Fact]
    public void In_steady_state_nothing_is_allocated()
    {
        var random = new Random(5);
        var wheel = new TimingWheel(now: 0);
        WheelTimer[] timers = Start(wheel, 10_000, _ => random.NextInt64(100 * Second));
        long now = 0;
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                WheelTimer timer = timers[random.Next(timers.Length)];
                timer.Start(wheel, now + random.NextInt64(10 * Second));
                _ = wheel.NextDeadline;
                now += 100_000;
                wheel.Expire(now);
                while (wheel.TryTakeDue(out ITimerTarget? target))
                {
                    target.Fire(now);
                    ((WheelTimer)target).Start(wheel, now + random.NextInt64(10 * Second));
                }
            }
        });
    }

    private static WheelTimer[] Start(TimingWheel wheel, int count, Func<int, long> deadline)
    {
        var timers = new WheelTimer[count];
        for (int i = 0; i < count; i++)
        {
            timers[i] = new WheelTimer();
            timers[i].Start(wheel, deadline(i));
        }

        return timers;
    }

    private static List<ITimerTarget> ExpireAll(TimingWheel wheel, long until)
    {
        wheel.Expire(until);
        return TakeAll(wheel);
    }

    private static List<ITimerTarget> TakeAll(TimingWheel wheel)
    {
        List<ITimerTarget> taken = [];
        while (wheel.TryTakeDue(out ITimerTarget? target))
        {
            target.Fire(now: 0);
            taken.Add(target);
        }

        return taken;
    }
}
