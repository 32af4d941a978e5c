using Vigil.Internals.Tests.Collections;
using Vigil.Internals.Tests.Support;
using Vigil.Interop;
using Vigil.Messaging;
using Vigil.Polling;

namespace Vigil.Internals.Tests.Messaging;

/// <summary>The mailbox with its receiver and one sender.</summary>
public sealed class MailboxTests : IDisposable
{
    private readonly Mailbox<List<int>> _mailbox = new();

    [Fact]
    public void Messages_come_out_in_the_order_in_which_they_were_posted()
    {
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(PostResult.Accepted, _mailbox.Post(Letters.Numbered(i)));
        }

        Assert.Equal(Enumerable.Range(0, 1000), _mailbox.DeliverAll());
    }

    [Fact]
    public void No_signal_is_given_to_a_receiver_that_is_awake()
    {
        _mailbox.Post(Letters.Numbered(1));
        _mailbox.PostUnbounded(Letters.Numbered(2));
        Assert.True(_mailbox.Wake());
        Assert.True(_mailbox.Kick());

        Assert.Equal(0UL, _mailbox.TakeSignals());
    }

    [Fact]
    public void One_signal_serves_all_that_is_posted_during_one_sleep()
    {
        Assert.Equal(SleepPermit.Unlimited, _mailbox.BeginSleep());
        for (int i = 0; i < 100; i++)
        {
            _mailbox.Post(Letters.Numbered(i));
            Assert.True(_mailbox.Wake());
            Assert.True(_mailbox.Kick());
        }

        _mailbox.EndSleep();
        _mailbox.Post(Letters.Numbered(100));

        Assert.Equal(1UL, _mailbox.TakeSignals());
    }

    [Fact]
    public void Each_sleep_has_its_own_signal()
    {
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(SleepPermit.Unlimited, _mailbox.BeginSleep());
            _mailbox.Post(Letters.Numbered(i));
            _mailbox.EndSleep();
            _mailbox.DeliverAll();
        }

        Assert.Equal(3UL, _mailbox.TakeSignals());
    }

    [Fact]
    public void With_mail_there_is_no_sleep_and_no_signal()
    {
        _mailbox.Post(Letters.Numbered(1));

        Assert.Equal(SleepPermit.None, _mailbox.BeginSleep());
        _mailbox.Post(Letters.Numbered(2));

        Assert.Equal(0UL, _mailbox.TakeSignals());
        Assert.True(_mailbox.HasMail);
    }

    [Fact]
    public void A_kick_while_awake_sticks_and_one_wait_answers_it()
    {
        Assert.True(_mailbox.Kick());
        Assert.True(_mailbox.Kick());
        Assert.True(_mailbox.IsKicked);

        Assert.Equal(SleepPermit.None, _mailbox.BeginSleep());
        _mailbox.EndSleep();

        Assert.False(_mailbox.IsKicked);
        Assert.Equal(SleepPermit.Unlimited, _mailbox.BeginSleep());
    }

    [Fact]
    public void A_kick_during_a_sleep_is_answered_by_that_sleep()
    {
        Assert.Equal(SleepPermit.Unlimited, _mailbox.BeginSleep());
        Assert.True(_mailbox.Kick());
        Assert.Equal(1UL, _mailbox.TakeSignals());
        _mailbox.EndSleep();

        Assert.False(_mailbox.IsKicked);
        Assert.Equal(SleepPermit.Unlimited, _mailbox.BeginSleep());
    }

    [Fact]
    public void A_wake_does_not_stick()
    {
        Assert.True(_mailbox.Wake());

        Assert.Equal(SleepPermit.Unlimited, _mailbox.BeginSleep());
    }

    [Fact]
    public void A_wake_ends_a_sleep()
    {
        Assert.Equal(SleepPermit.Unlimited, _mailbox.BeginSleep());

        Assert.True(_mailbox.Wake());

        Assert.Equal(1UL, _mailbox.TakeSignals());
    }

    [Fact]
    public void Posts_past_the_bound_are_refused_until_there_is_room()
    {
        using var mailbox = new Mailbox<List<int>>(capacity: 2);
        Assert.Equal(PostResult.Accepted, mailbox.Post(Letters.Numbered(0)));
        Assert.Equal(PostResult.Accepted, mailbox.Post(Letters.Numbered(1)));
        Assert.Equal(PostResult.Full, mailbox.Post(Letters.Numbered(-1)));
        Assert.Equal(PostResult.Full, mailbox.Post(Letters.Numbered(-1)));

        Assert.True(mailbox.TryTake(out Message<List<int>> first));
        List<int> delivered = [];
        first.Deliver(delivered);
        Assert.Equal(PostResult.Accepted, mailbox.Post(Letters.Numbered(2)));
        Assert.Equal(PostResult.Full, mailbox.Post(Letters.Numbered(-1)));

        Assert.Equal([0, 1, 2], [.. delivered, .. mailbox.DeliverAll()]);
    }

    [Fact]
    public void Unbounded_posts_are_accepted_past_the_bound_and_count_for_it()
    {
        using var mailbox = new Mailbox<List<int>>(capacity: 1);
        Assert.Equal(PostResult.Accepted, mailbox.PostUnbounded(Letters.Numbered(0)));
        Assert.Equal(PostResult.Accepted, mailbox.PostUnbounded(Letters.Numbered(1)));
        Assert.Equal(PostResult.Full, mailbox.Post(Letters.Numbered(-1)));

        Assert.Equal([0, 1], mailbox.DeliverAll());
        Assert.Equal(PostResult.Accepted, mailbox.Post(Letters.Numbered(2)));
    }

    [Fact]
    public void A_refused_post_wakes_nobody()
    {
        using var mailbox = new Mailbox<List<int>>(capacity: 1);
        mailbox.Post(Letters.Numbered(0));
        mailbox.DeliverAll();
        Assert.Equal(SleepPermit.Unlimited, mailbox.BeginSleep());
        mailbox.Post(Letters.Numbered(1));
        Assert.Equal(1UL, mailbox.TakeSignals());
        mailbox.EndSleep();

        Assert.Equal(PostResult.Full, mailbox.Post(Letters.Numbered(2)));

        Assert.Equal(0UL, mailbox.TakeSignals());
    }

    [Fact]
    public void Closing_abandons_what_waits_and_counts_what_nobody_could_be_told_of()
    {
        var told = new LetterKind(tellsSender: true);
        var untold = new LetterKind(tellsSender: false);
        _mailbox.Post(told.Letter(0));
        _mailbox.Post(untold.Letter(1));
        _mailbox.Post(untold.Letter(2));

        Assert.Equal(2, _mailbox.Close());

        Assert.Equal([0], told.Abandoned);
        Assert.Equal([1, 2], untold.Abandoned);
        Assert.False(_mailbox.TryTake(out _));
    }

    [Fact]
    public void An_object_that_is_a_message_itself_is_delivered_or_abandoned_once_a_post()
    {
        var item = new Parcel();
        _mailbox.Post(item);
        _mailbox.PostUnbounded(item);
        _mailbox.PostUnbounded(item, 17L);
        _mailbox.PostUnbounded(item, (18, "eighteen"));

        _mailbox.DeliverAll();
        Assert.Equal(["delivered", "delivered", "delivered 17", "delivered (18, eighteen)"], item.Ends);

        _mailbox.PostUnbounded(item, 19L);
        _mailbox.PostUnbounded(item, (20, "twenty"));
        _mailbox.Post(item);
        Assert.Equal(2, _mailbox.Close());
        Assert.Equal(["abandoned 19", "abandoned (20, twenty)", "abandoned"], item.Ends.Skip(4));
        Assert.Equal(PostResult.Closed, _mailbox.PostUnbounded(item, 21L));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void After_closing_every_post_is_refused_as_closed(int capacity)
    {
        using var mailbox = new Mailbox<List<int>>(capacity);
        mailbox.Post(Letters.Numbered(0));
        mailbox.Close();

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(PostResult.Closed, mailbox.Post(Letters.Numbered(i)));
            Assert.Equal(PostResult.Closed, mailbox.PostUnbounded(Letters.Numbered(i)));
        }

        Assert.Empty(mailbox.DeliverAll());
    }

    [Fact]
    public void A_mailbox_that_was_full_when_it_was_closed_is_closed_and_not_full()
    {
        using var mailbox = new Mailbox<List<int>>(capacity: 1);
        mailbox.Post(Letters.Numbered(0));

        mailbox.Close();

        Assert.Equal(PostResult.Closed, mailbox.Post(Letters.Numbered(1)));
    }

    [Fact]
    public void Closing_waits_for_a_sender_that_has_begun_and_refuses_all_who_come_meanwhile()
    {
        var kind = new LetterKind(tellsSender: false);
        StalledSender<Message<List<int>>> stalled = _mailbox.Stall(kind.Letter(0));
        var closing = new BackgroundThread<int>(_mailbox.Close);

        // Messages accepted before it is closed wait behind the stalled one.
        int accepted = 0;
        Patience.Until(
            () =>
            {
                bool isClosed = _mailbox.Post(kind.Letter(1)) == PostResult.Closed;
                accepted += isClosed ? 0 : 1;
                return isClosed;
            },
            "the mailbox is closed");
        closing.AwaitSleep();
        stalled.Publish();

        Assert.Equal(accepted + 1, closing.Result());
        Assert.Equal([0, .. Enumerable.Repeat(1, accepted)], kind.Abandoned);
        Assert.Equal(PostResult.Closed, _mailbox.Post(kind.Letter(2)));
    }

    [Fact]
    public void What_one_message_throws_when_it_is_abandoned_costs_no_other_its_end()
    {
        var kind = new LetterKind(tellsSender: true) { Throws = true };
        for (int i = 0; i < 3; i++)
        {
            _mailbox.Post(kind.Letter(i));
        }

        Assert.Equal(3, _mailbox.Close());
        Assert.Equal([0, 1, 2], kind.Abandoned);
    }

    [Fact]
    public void For_a_message_that_is_being_sent_the_receiver_sleeps_briefly_and_its_sender_wakes_it()
    {
        StalledSender<Message<List<int>>> stalled = _mailbox.Stall(Letters.Numbered(0));

        Assert.False(_mailbox.HasMail);
        Assert.Equal(SleepPermit.Brief, _mailbox.BeginSleep());
        stalled.Publish();
        Assert.True(_mailbox.Wake());
        Assert.Equal(1UL, _mailbox.TakeSignals());
        _mailbox.EndSleep();

        Assert.Equal([0], _mailbox.DeliverAll());
        Assert.Equal(SleepPermit.Unlimited, _mailbox.BeginSleep());
    }

    [Fact]
    public void Senders_that_are_refused_take_no_room()
    {
        using var mailbox = new Mailbox<List<int>>(capacity: 1);
        Assert.Equal(PostResult.Accepted, mailbox.Post(Letters.Numbered(0)));
        int refused = 0;
        BackgroundThread<bool>[] senders = [.. Enumerable.Range(0, 3).Select(_ => new BackgroundThread<bool>(() =>
        {
            while (Volatile.Read(ref refused) < 100_000)
            {
                Assert.Equal(PostResult.Full, mailbox.Post(Letters.Numbered(1)));
                Interlocked.Increment(ref refused);
            }

            return true;
        }))];

        // If they counted, the mailbox would seem full while it is not.
        int most = 0;
        Patience.Until(
            () =>
            {
                most = Math.Max(most, mailbox.Waiting());
                return Volatile.Read(ref refused) >= 100_000;
            },
            "all are refused");

        Assert.All(senders, sender => Assert.True(sender.Result()));
        Assert.Equal(1, most);
        Assert.Equal([0], mailbox.DeliverAll());
        Assert.Equal(PostResult.Accepted, mailbox.Post(Letters.Numbered(2)));
    }

    // The sender has seen it asleep, and is preempted until the receiver is gone.
    [Fact]
    public void A_sender_that_is_about_to_wake_a_receiver_which_ends_is_refused_nothing_and_reports_nothing()
    {
        int refusals = 0;
        var mailbox = new Mailbox<List<int>>(wakeFailed: _ => refusals++);
        Assert.Equal(SleepPermit.Unlimited, mailbox.BeginSleep());
        mailbox.Dispose();
        Assert.True(mailbox.Kick());
        Assert.Equal((0, 0), (refusals, mailbox.LastRefusal));
        using var waker = new Waker();
        waker.Dispose();
        Assert.Equal(Errno.Success, waker.Signal());
    }

    [Fact]
    public void Kicking_and_waking_after_closing_and_disposing_do_nothing()
    {
        var mailbox = new Mailbox<List<int>>();
        Assert.Equal(SleepPermit.Unlimited, mailbox.BeginSleep());
        mailbox.Close();

        Assert.True(mailbox.Kick());
        Assert.True(mailbox.Wake());
        Assert.Equal(0UL, mailbox.TakeSignals());

        mailbox.Dispose();
        Assert.True(mailbox.Kick());
        Assert.True(mailbox.Wake());
        Assert.Equal(PostResult.Closed, mailbox.Post(Letters.Numbered(0)));
    }

    public void Dispose() => _mailbox.Dispose();
}
