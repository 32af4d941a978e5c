using Compilation;
using Exploration;
using Vigil.Protocols.Scenarios;

namespace Vigil.Protocols.Tests;

/// <summary>Blocking calls and the parker that their callers sleep on.</summary>
public class CallTests(ITestOutputHelper output)
{
    [Fact]
    [Trait("Duration", "Scaled")]
    public void A_caller_gets_the_result_of_its_call_and_never_sleeps_for_ever()
    {
        Show(ExploredCode.Shipped.Explore<BlockingCalls>(1, 2));
        if (Scale.Times(1) > 1)
        {
            Show(ExploredCode.Shipped.Explore<BlockingCalls>(Machine.Merged, 1, 4));
            Show(ExploredCode.Shipped.Explore<BlockingCalls>(Machine.Merged, 2, 1));
        }

        if (Scale.Times(1) >= 1000)
        {
            Show(ExploredCode.Shipped.Explore<BlockingCalls>(Machine.Merged, 2, 4));
        }
    }

    [Fact]
    public void A_missing_fence_before_the_callers_last_look_is_found()
    {
        Assert.Contains("wait for ever", Violation(() => FaultyCode.Torn.Explore<BlockingCalls>(1, 2)));

        Show(FaultyCode.Torn.Explore<BlockingCalls>(Machine.WithoutBuffers, 1, 2));
    }

    [Fact]
    public void A_look_before_preparing_is_found() => Assert.Contains(
        "wait for ever", Violation(() => FaultyCode.Incomplete.Explore<BlockingCalls>(1, 1)));

    [Fact]
    public void A_call_is_run_or_failed() => Show(ExploredCode.Shipped.Explore<BlockingCallEnd>());

    [Fact]
    public void A_call_is_given_up_or_has_a_result() => Show(ExploredCode.Shipped.Explore<BlockingCallGivenUp>());

    private string Violation(Action explore)
    {
        string message = Assert.Throws<PropertyViolatedException>(explore).Message;
        output.WriteLine(message);
        return message;
    }

    private void Show(Coverage coverage) => output.WriteLine(coverage.ToString());
}
