using System.Runtime.CompilerServices;
using Vigil.Diagnostics;
using Vigil.Internals.Tests.Support;

namespace Vigil.Internals.Tests.Diagnostics;

public sealed class LoopCountersTests
{
    // The reader keeps a loop of low priority from its processor; the loop continues only if the reader sleeps.
    [Fact]
    public void Whoever_reads_times_that_a_loop_is_changing_and_does_not_get_on_with_sleeps_and_does_not_spin()
    {
        var counters = new LoopCounters("held up", isAlwaysWanted: true);
        counters.BeginIteration();
        VersionOf(counters)++;
        var reader = new BackgroundThread<(long Busy, long Idle)>(() => counters.Times(long.MaxValue / 2));
        reader.AwaitSleep();
        Assert.True(reader.IsAlive);
        VersionOf(counters)++;
        Assert.True(reader.Result().Busy > 0);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_version")]
    private static extern ref int VersionOf(LoopCounters counters);
}
