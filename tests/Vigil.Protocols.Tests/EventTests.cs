using Compilation;
using Exploration;
using Vigil.Protocols.Scenarios;

namespace Vigil.Protocols.Tests;

/// <summary>The words of user events and of callbacks on workers.</summary>
public class EventTests(ITestOutputHelper output)
{
    [Fact]
    [Trait("Duration", "Scaled")]
    public void What_is_triggered_arrives_once()
    {
        Show(ExploredCode.Shipped.Explore<UserEventTriggers>(2, 1));
        if (Scale.Times(1) > 1)
        {
            Show(ExploredCode.Shipped.Explore<UserEventTriggers>(2, 2));
        }

        if (Scale.Times(1) >= 1000)
        {
            Show(ExploredCode.Shipped.Explore<UserEventTriggers>(Machine.Merged, 2, 4));
        }
    }

    [Fact]
    public void A_value_that_is_taken_in_two_steps_loses_a_trigger() => Assert.Contains(
        "wait for ever", Violation(() => FaultyCode.Torn.Explore<UserEventTriggers>(1, 2)));

    [Fact]
    [Trait("Duration", "Scaled")]
    public void A_callback_on_a_worker_that_is_not_withdrawn_runs_once() =>
        Show(ExploredCode.Shipped.Explore<LastingCallbackTurns>(Scale.Times(1) > 1 ? 4 : 3, false));

    [Fact]
    public void Who_asks_for_the_end_of_a_callback_gets_it() => Show(ExploredCode.Shipped.Explore<LastingCallbackTurns>(1, true));

    [Fact]
    public void A_callback_that_is_withdrawn_in_two_steps_is_found() =>
        Violation(() => FaultyCode.Torn.Explore<LastingCallbackTurns>(2, false));

    private string Violation(Action explore)
    {
        string message = Assert.Throws<PropertyViolatedException>(explore).Message;
        output.WriteLine(message);
        return message;
    }

    private void Show(Coverage coverage) => output.WriteLine(coverage.ToString());
}
