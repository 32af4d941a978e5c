using Compilation;
using Exploration;
using Vigil.Protocols.Scenarios;

namespace Vigil.Protocols.Tests;

/// <summary>The mailbox and its waker: sleep and wake-up, kicks, and its end.</summary>
public class MailboxTests(ITestOutputHelper output)
{
    [Fact]
    public void A_receiver_that_sleeps_when_it_may_receives_everything()
    {
        Show(ExploredCode.Shipped.Explore<MailboxSleep>(1, 1));
        Show(ExploredCode.Shipped.Explore<MailboxSleep>(Machine.Merged, 1, 2));
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void It_receives_everything_from_several_senders()
    {
        if (Scale.Times(1) > 1)
        {
            Show(ExploredCode.Shipped.Explore<MailboxSleep>(Machine.Merged, 1, 4));
            Show(ExploredCode.Shipped.Explore<MailboxSleep>(Machine.Merged, 2, 1));
        }

        if (Scale.Times(1) >= 1000)
        {
            Show(ExploredCode.Shipped.Explore<MailboxSleep>(Machine.Merged, 2, 4));
        }
    }

    [Fact]
    public void A_missing_fence_before_the_sleep_loses_a_wake_up()
    {
        string found = Violation(() => FaultyCode.Torn.Explore<MailboxSleep>(1, 1));

        Assert.Contains("wait for ever", found);
        Show(FaultyCode.Torn.Explore<MailboxSleep>(Machine.WithoutBuffers, 1, 1));
    }

    // A sender may look for a sleeping receiver before what it has published is visible: then nobody wakes the receiver, which has only
    // just seen that something is coming.
    [Fact]
    public void A_brief_sleep_needs_its_limit() =>
        Assert.Contains("wait for ever", Violation(() => FaultyCode.Incomplete.Explore<MailboxSleep>(1, 2)));

    [Fact]
    [Trait("Duration", "Scaled")]
    public void No_kick_is_lost()
    {
        Show(ExploredCode.Shipped.Explore<MailboxKick>(1));
        Show(ExploredCode.Shipped.Explore<MailboxKick>(Machine.Merged, Scale.Times(1) > 1 ? 4 : 2));
    }

    [Fact]
    public void A_kick_that_is_not_remembered_is_lost() =>
        Assert.Contains("wait for ever", Violation(() => FaultyCode.Incomplete.Explore<MailboxKick>(1)));

    [Fact]
    [Trait("Duration", "Scaled")]
    public void At_the_end_each_accepted_message_is_received_or_counted()
    {
        Show(ExploredCode.Shipped.Explore<MailboxClosing>(1, 2, 1));
        if (Scale.Times(1) > 1)
        {
            Show(ExploredCode.Shipped.Explore<MailboxClosing>(Machine.Merged, 1, 4, 4));
            Show(ExploredCode.Shipped.Explore<MailboxClosing>(Machine.Merged, 2, 1, 1));
        }

        if (Scale.Times(1) >= 1000)
        {
            Show(ExploredCode.Shipped.Explore<MailboxClosing>(Machine.Merged, 2, 4, 4));
        }
    }

    [Fact]
    public void Without_the_seal_a_message_is_accepted_after_the_count() =>
        Assert.Contains("were accepted", Violation(() => FaultyCode.Incomplete.Explore<MailboxClosing>(1, 1, 0)));

    private string Violation(Action explore)
    {
        string message = Assert.Throws<PropertyViolatedException>(explore).Message;
        output.WriteLine(message);
        return message;
    }

    private void Show(Coverage coverage) => output.WriteLine(coverage.ToString());
}
