using Vigil.Diagnostics;

namespace Vigil.Internals.Tests.Diagnostics;

public sealed class FigureSeriesTests
{
    private const int Level = 0;
    private const int Counter = 1;

    private readonly FigureSeries _series = new(levels: 1, counters: 1, static (source, sums) =>
    {
        sums[Level] += ((Source)source).Level;
        sums[Counter] += ((Source)source).Counter;
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("Duration", "Scaled")]
    public void Counters_keep_what_those_counted_that_are_gone_and_levels_do_not(int seed)
    {
        var random = new Random(Scale.Seed(seed));
        string[] names = ["a", "b", "c"];
        List<Source> live = [];
        var counted = names.ToDictionary(name => name, _ => 0L, StringComparer.Ordinal);
        for (int i = 0; i < Scale.Times(5_000); i++)
        {
            switch (random.Next(4))
            {
                case 0 when live.Count < 6:
                    live.Add(new Source(names[random.Next(names.Length)]));
                    _series.Add(live[^1], live[^1].Name);
                    break;
                case 1 when live.Count > 0:
                    Source gone = live[random.Next(live.Count)];
                    live.Remove(gone);
                    _series.Remove(gone, gone.Name);
                    _series.Remove(gone, gone.Name);
                    gone.Counter += 1_000_000;
                    break;
                case 2 when live.Count > 0:
                    Source source = live[random.Next(live.Count)];
                    source.Level = random.Next(10);
                    source.Counter += 3;
                    counted[source.Name] += 3;
                    break;
                default:
                    Assert.Equal(
                        live.GroupBy(one => one.Name, StringComparer.Ordinal)
                            .Select(ones => (ones.Key, ones.Sum(one => one.Level), counted[ones.Key]))
                            .Order(),
                        _series.Read().Select(one => (one.Name, one.Sums[Level], one.Sums[Counter])).Order());
                    break;
            }
        }
    }

    [Fact]
    public void What_was_read_last_stays_of_a_source_that_is_collected_and_was_never_removed()
    {
        var other = new Source("name");
        _series.Add(other, other.Name);
        AddAndRead(7);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        NamedFigures read = Assert.Single(_series.Read());
        Assert.Equal((0, 7), (read.Sums[Level], read.Sums[Counter]));
        GC.KeepAlive(other);
    }

    [Fact]
    public void Names_that_come_and_go_cost_a_bounded_amount_of_memory_and_the_latest_are_remembered()
    {
        const int Names = FigureSeries.MostNamesKept + 10;
        for (int i = 0; i < Names; i++)
        {
            var source = new Source($"{i}") { Counter = 1 };
            _series.Add(source, source.Name);
            _series.Remove(source, source.Name);
        }

        Assert.Empty(_series.Read());
        var again = new Source($"{Names - 1}") { Counter = 1 };
        var forgotten = new Source("0") { Counter = 1 };
        _series.Add(again, again.Name);
        _series.Add(forgotten, forgotten.Name);
        Assert.Equal([("0", 1), ($"{Names - 1}", 2)], _series.Read().Select(one => (one.Name, one.Sums[Counter])).Order());
    }

    // Not inlined, so that no reference stays on the stack.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private void AddAndRead(long counter)
    {
        var source = new Source("name") { Counter = counter, Level = 5 };
        _series.Add(source, source.Name);
        Assert.Equal(counter, Assert.Single(_series.Read()).Sums[Counter]);
        GC.KeepAlive(source);
    }

    private sealed class Source(string name)
    {
        public string Name { get; } = name;

        public long Level { get; set; }

        public long Counter { get; set; }
    }
}
