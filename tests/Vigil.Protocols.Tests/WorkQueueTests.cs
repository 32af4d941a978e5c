using Compilation;
using Exploration;
using Vigil.Protocols.Scenarios;

namespace Vigil.Protocols.Tests;

/// <summary>The queue of a worker, its gate, and its end.</summary>
public class WorkQueueTests(ITestOutputHelper output)
{
    [Fact]
    [Trait("Duration", "Scaled")]
    public void Each_item_is_taken_once_and_in_order()
    {
        Show(ExploredCode.Shipped.Explore<WorkQueueTakers>(1, 2, 1));
        if (Scale.Times(1) > 1)
        {
            Show(ExploredCode.Shipped.Explore<WorkQueueTakers>(Machine.Merged, 2, 2, 2));
        }

        if (Scale.Times(1) >= 1000)
        {
            Show(ExploredCode.Shipped.Explore<WorkQueueTakers>(Machine.Merged, 4, 2, 4));
        }
    }

    [Fact]
    public void Without_the_gate_an_item_is_taken_twice() =>
        Violation(() => FaultyCode.Torn.Explore<WorkQueueTakers>(1, 2, 1));

    [Fact]
    [Trait("Duration", "Scaled")]
    public void At_the_end_each_accepted_item_is_taken_or_left()
    {
        Show(ExploredCode.Shipped.Explore<WorkQueueClosing>(2, 0));
        if (Scale.Times(1) > 1)
        {
            Show(ExploredCode.Shipped.Explore<WorkQueueClosing>(Machine.Merged, 1, 1));
        }

        if (Scale.Times(1) >= 1000)
        {
            Show(ExploredCode.Shipped.Explore<WorkQueueClosing>(Machine.Merged, 4, 4));
        }
    }

    [Fact]
    public void Without_the_seal_an_item_is_accepted_after_the_end() => Assert.Contains(
        "were accepted", Violation(() => FaultyCode.Incomplete.Explore<WorkQueueClosing>(1, 0)));

    private string Violation(Action explore)
    {
        string message = Assert.Throws<PropertyViolatedException>(explore).Message;
        output.WriteLine(message);
        return message;
    }

    private void Show(Coverage coverage) => output.WriteLine(coverage.ToString());
}
