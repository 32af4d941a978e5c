using Soak.Loops;
using Soak.Observation;

namespace Soak.Tests;

/// <summary>What a rest must have in common with the first one.</summary>
public class BoundsTests
{
    private static readonly ProcessReading Process = new(
        50 << 20,
        new Dictionary<string, int>(StringComparer.Ordinal) { ["socket"] = 5, ["assembly"] = 50 },
        new Dictionary<string, int>(StringComparer.Ordinal) { ["loop"] = 1, [".NET TP Worker"] = 2 });

    private static readonly RestReading First = new(
        TimeSpan.FromMinutes(1), Process, 10 << 20, 0, Process, 1 << 20, new LoopContents(0, 3, 0));

    [Fact]
    public void The_same_again_is_right()
    {
        ProcessReading passing = Process with
        {
            ResidentBytes = 60 << 20,
            Descriptors = new Dictionary<string, int>(StringComparer.Ordinal) { ["socket"] = 5, ["assembly"] = 52 },
            Threads = new Dictionary<string, int>(StringComparer.Ordinal) { ["loop"] = 1 },
        };

        Assert.Empty(WrongWith(First with { Gateway = passing, Soak = passing, GatewayHeap = 15 << 20 }));
    }

    [Fact]
    public void A_descriptor_a_thread_or_a_name_more_is_wrong()
    {
        ProcessReading socket = Process with { Descriptors = new Dictionary<string, int>(Process.Descriptors) { ["socket"] = 6 } };
        ProcessReading thread = Process with { Threads = new Dictionary<string, int>(Process.Threads) { ["worker"] = 1 } };

        AssertWrong("the gateway has other descriptors or threads: socket 5 → 6", First with { Gateway = socket });
        AssertWrong("the soak has other descriptors or threads: thread worker 0 → 1", First with { Soak = thread });
        AssertWrong("keeps 1 names, and kept 0", First with { GatewayNames = 1 });
    }

    [Fact]
    public void A_timer_more_is_wrong() => AssertWrong(
        "the loops have 1 timers, 3 descriptors, 0 subscribers, and had 0 timers", First with { Loops = new LoopContents(1, 3, 0) });

    [Fact]
    public void Memory_beyond_its_bound_is_wrong()
    {
        ProcessReading large = Process with { ResidentBytes = Process.ResidentBytes + Bounds.Resident + 1 };

        Assert.Single(WrongWith(First with { Gateway = large }));
        Assert.Single(WrongWith(First with { Soak = large }));
        Assert.Single(WrongWith(First with { GatewayHeap = First.GatewayHeap + Bounds.GatewayHeap + 1 }));
        Assert.Single(WrongWith(First with { SoakManaged = First.SoakManaged + Bounds.SoakManaged + 1 }));
    }

    private static void AssertWrong(string text, RestReading now) =>
        Assert.Contains(text, Assert.Single(WrongWith(now)), StringComparison.Ordinal);

    private static IReadOnlyList<string> WrongWith(RestReading now)
    {
        var findings = new Findings();
        Bounds.Check(First, now, findings);
        return findings.All;
    }
}
