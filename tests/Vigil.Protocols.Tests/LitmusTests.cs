using Exploration;

namespace Vigil.Protocols.Tests;

/// <summary>The explorer against the litmus tests of x86 memory: what may happen is found, what may not is not.</summary>
public class LitmusTests
{
    [Fact]
    public void Two_threads_that_store_and_then_load_may_both_miss_the_others_store() =>
        Assert.Contains((0, 0), Outcomes.Of(() => new StoreBuffering(isFenced: false)));

    [Fact]
    public void With_a_fence_between_store_and_load_at_least_one_sees_the_other() =>
        Assert.Equal([(0, 1), (1, 0), (1, 1)], Outcomes.Of(() => new StoreBuffering(isFenced: true)));

    [Fact]
    public void Without_store_buffers_the_missing_fence_cannot_be_seen() =>
        Assert.Equal([(0, 1), (1, 0), (1, 1)], Outcomes.Of(() => new StoreBuffering(isFenced: false), Machine.WithoutBuffers));

    [Fact]
    public void Who_sees_a_flag_sees_what_was_stored_before_it() =>
        Assert.Equal([(0, 0), (0, 1), (1, 1)], Outcomes.Of(() => new MessagePassing()));

    [Fact]
    public void A_thread_sees_its_own_store_before_others_do() =>
        Assert.Contains((0, 0), Outcomes.Of(() => new OwnStores()));

    [Fact]
    public void A_place_that_only_one_thread_uses_at_a_time_adds_no_states()
    {
        Coverage coverage = Explorer.Explore(() => new OwnPlaces());
        Assert.Equal(1, coverage.Executions);
    }

    [Fact]
    public void Loads_and_stores_lose_an_increment_and_atomic_changes_do_not()
    {
        Assert.Equal([1, 2], Outcomes.Of(() => new Increments(isAtomic: false)));
        Assert.Equal([2], Outcomes.Of(() => new Increments(isAtomic: true)));
    }

    [Fact]
    public void A_loop_that_waits_for_a_store_ends() =>
        Assert.Equal([7], Outcomes.Of(() => new WaitingLoop(comes: true)));

    [Fact]
    public void A_loop_that_waits_for_nothing_is_found()
    {
        PropertyViolatedException violation = Assert.Throws<PropertyViolatedException>(
            () => Outcomes.Of(() => new WaitingLoop(comes: false)));
        Assert.Contains("wait for ever", violation.Message);
    }

    [Fact]
    public void An_exception_of_a_thread_is_shown_with_the_steps_that_led_to_it()
    {
        PropertyViolatedException violation = Assert.Throws<PropertyViolatedException>(() => Explorer.Explore(() => new Throwing()));
        Assert.Contains("both zero", violation.Message);
        Assert.Contains("stores x = 1, seen by itself only", violation.Message);
    }

    private static class Outcomes
    {
        public static List<T> Of<T>(Func<Litmus<T>> create, Machine machine = Machine.Exact)
        {
            var outcomes = new SortedSet<T>();
            Explorer.Explore(
                () =>
                {
                    Litmus<T> litmus = create();
                    litmus.Outcomes = outcomes;
                    return litmus;
                },
                machine);
            return [.. outcomes];
        }
    }

    private abstract class Litmus<T> : Scenario
    {
        public SortedSet<T> Outcomes { get; set; } = [];

        protected abstract T Outcome { get; }

        public override void Check() => Outcomes.Add(Outcome);
    }

    private sealed class StoreBuffering(bool isFenced) : Litmus<(int First, int Second)>
    {
        private int _x;
        private int _y;
        private int _seenByFirst;
        private int _seenBySecond;

        public override IReadOnlyList<Action> Threads =>
        [
            () =>
            {
                Memory.Store(ref _x, 1, "x");
                if (isFenced)
                {
                    Memory.Fence();
                }

                _seenByFirst = Memory.Load(ref _y, "y");
            },
            () =>
            {
                Memory.Store(ref _y, 1, "y");
                if (isFenced)
                {
                    Memory.Fence();
                }

                _seenBySecond = Memory.Load(ref _x, "x");
            },
        ];

        protected override (int First, int Second) Outcome => (_seenByFirst, _seenBySecond);
    }

    private sealed class MessagePassing : Litmus<(int Flag, int Value)>
    {
        private int _value;
        private int _flag;
        private (int, int) _seen;

        public override IReadOnlyList<Action> Threads =>
        [
            () =>
            {
                Memory.Store(ref _value, 1, "value");
                Memory.Store(ref _flag, 1, "flag");
            },
            () => _seen = (Memory.Load(ref _flag, "flag"), Memory.Load(ref _value, "value")),
        ];

        protected override (int Flag, int Value) Outcome => _seen;
    }

    // Both read their own store, and still neither sees the other's: the store was only in its buffer.
    private sealed class OwnStores : Litmus<(int First, int Second)>
    {
        private int _x;
        private int _y;
        private int _seenByFirst;
        private int _seenBySecond;

        public override IReadOnlyList<Action> Threads =>
        [
            () =>
            {
                Memory.Store(ref _x, 1, "x");
                Assert.Equal(1, Memory.Load(ref _x, "x"));
                _seenByFirst = Memory.Load(ref _y, "y");
            },
            () =>
            {
                Memory.Store(ref _y, 1, "y");
                Assert.Equal(1, Memory.Load(ref _y, "y"));
                _seenBySecond = Memory.Load(ref _x, "x");
            },
        ];

        protected override (int First, int Second) Outcome => (_seenByFirst, _seenBySecond);
    }

    private sealed class OwnPlaces : Scenario
    {
        private readonly int[] _places = new int[2];

        public override IReadOnlyList<Action> Threads => [() => Count(ref _places[0]), () => Count(ref _places[1])];

        public override void Check() => Assert.Equal([4, 4], _places);

        private static void Count(ref int place)
        {
            for (int i = 0; i < 4; i++)
            {
                Memory.Store(ref place, Memory.Load(ref place, "place") + 1, "place");
            }
        }
    }

    private sealed class Increments(bool isAtomic) : Litmus<int>
    {
        private int _count;

        public override IReadOnlyList<Action> Threads => [Increment, Increment];

        protected override int Outcome => _count;

        private void Increment()
        {
            if (isAtomic)
            {
                Memory.Change(ref _count, count => (count + 1, true), "count");
            }
            else
            {
                Memory.Store(ref _count, Memory.Load(ref _count, "count") + 1, "count");
            }
        }
    }

    private sealed class WaitingLoop(bool comes) : Litmus<int>
    {
        private int _flag;
        private int _seen;

        public override IReadOnlyList<Action> Threads =>
        [
            () =>
            {
                if (comes)
                {
                    Memory.Store(ref _flag, 7, "flag", isShared: true);
                }
            },
            () =>
            {
                while ((_seen = Memory.Load(ref _flag, "flag", isShared: true)) == 0)
                {
                    Memory.Spin();
                }
            },
        ];

        protected override int Outcome => _seen;
    }

    private sealed class Throwing : Scenario
    {
        private int _x;
        private int _y;
        private int _seen = 1;

        public override IReadOnlyList<Action> Threads =>
        [
            () =>
            {
                Memory.Store(ref _x, 1, "x");
                _seen = Memory.Load(ref _y, "y");
            },
            () =>
            {
                Memory.Store(ref _y, 1, "y");
                if (Memory.Load(ref _x, "x") == 0 && _seen == 0)
                {
                    throw new InvalidOperationException("both zero");
                }
            },
        ];

        public override void Check()
        {
        }
    }
}
