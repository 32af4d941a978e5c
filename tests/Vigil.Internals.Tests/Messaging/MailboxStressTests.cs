using Vigil.Internals.Tests.Polling;
using Vigil.Internals.Tests.Support;
using Vigil.Messaging;
using Vigil.Polling;

namespace Vigil.Internals.Tests.Messaging;

/// <summary>The mailbox with four senders and a receiver that sleeps, closed at any moment.</summary>
public class MailboxStressTests
{
    private const int Senders = 4;
    private const int Rounds = 80;
    private const int LettersEach = 60;

    [Fact]
    public void A_receiver_that_sleeps_whenever_it_may_misses_no_message_and_keeps_each_senders_order()
    {
        const int ManyLetters = 4000;
        using var mailbox = new Mailbox<List<int>>();
        int[] received = new int[Senders];
        BackgroundThread<int>[] senders = [.. Enumerable.Range(0, Senders).Select(sender => new BackgroundThread<int>(() =>
        {
            // Each sender waits after every third message: that one may be the last, after which no other sender wakes the receiver.
            for (int i = 0; i < ManyLetters; i++)
            {
                mailbox.Post(Letters.Numbered((sender * ManyLetters) + i));
                var spin = default(PatientSpin);
                while (i % 3 == 0 && Volatile.Read(ref received[sender]) <= i)
                {
                    spin.Once("The receiver slept with mail.");
                }
            }

            return ManyLetters;
        }))];

        ReceiveWithSleeps(mailbox, Senders * ManyLetters, number =>
        {
            ref int count = ref received[number / ManyLetters];
            Assert.Equal(count, number % ManyLetters);
            Volatile.Write(ref count, count + 1);
        });

        Assert.All(senders, sender => Assert.Equal(ManyLetters, sender.Result()));
    }

    [Theory]
    [Trait("Duration", "Scaled")]
    [InlineData(0)]
    [InlineData(16)]
    public void Where_senders_are_told_each_message_is_delivered_abandoned_or_refused_exactly_once(int capacity)
    {
        for (int round = 0; round < Scale.Times(Rounds); round++)
        {
            var kind = new LetterKind(tellsSender: true);
            Outcome outcome = RunUntilClosed(kind, capacity, seed: Scale.Seed(round));

            AssertEachHasOneEnd(outcome, kind);
            Assert.Equal(0, outcome.Lost);
        }
    }

    [Theory]
    [Trait("Duration", "Scaled")]
    [InlineData(0)]
    [InlineData(16)]
    public void Where_senders_are_not_told_each_message_is_delivered_refused_or_counted_as_lost_exactly_once(int capacity)
    {
        for (int round = 0; round < Scale.Times(Rounds); round++)
        {
            var kind = new LetterKind(tellsSender: false);
            Outcome outcome = RunUntilClosed(kind, capacity, seed: Scale.Seed(round));

            AssertEachHasOneEnd(outcome, kind);
            Assert.Equal(kind.Abandoned.Count, outcome.Lost);
        }
    }

    // Message by message: a refused one stays its sender's, and must not have been abandoned on behalf of another sender.
    private static void AssertEachHasOneEnd(Outcome outcome, LetterKind kind) =>
        Assert.Equal(Enumerable.Range(0, Senders * LettersEach), outcome.Delivered.Concat(kind.Abandoned).Concat(outcome.Refused).Order());

    private static Outcome RunUntilClosed(LetterKind kind, int capacity, int seed)
    {
        using var mailbox = new Mailbox<List<int>>(capacity);
        using var start = new Barrier(Senders + 1);
        BackgroundThread<int[]>[] senders = [.. Enumerable.Range(0, Senders).Select(sender => new BackgroundThread<int[]>(() =>
        {
            start.SignalAndWait(Patience.Limit);
            int first = sender * LettersEach;
            return [.. Enumerable.Range(first, LettersEach).Where(number => mailbox.Post(kind.Letter(number)) != PostResult.Accepted)];
        }))];

        start.SignalAndWait(Patience.Limit);
        List<int> delivered = [];
        int deliveries = new Random(seed).Next(Senders * LettersEach / 2);
        for (int looks = 0; delivered.Count < deliveries && looks < 10_000; looks++)
        {
            if (mailbox.TryTake(out Message<List<int>> message))
            {
                message.Deliver(delivered);
            }
        }

        int lost = mailbox.Close();
        return new Outcome(delivered, [.. senders.SelectMany(sender => sender.Result())], lost);
    }

    // On a thread of its own, because a lost wake-up would make it sleep for ever.
    private static void ReceiveWithSleeps(Mailbox<List<int>> mailbox, int count, Action<int> receive)
    {
        var receiver = new BackgroundThread<int>(() =>
        {
            using var poller = new EpollPoller();
            poller.Add(mailbox.WakerFd.Number, 1, Waker.Interest);
            var ready = new ReadyBuffer(1);
            int received = 0;
            while (received < count)
            {
                SleepPermit permit = mailbox.BeginSleep();
                Assert.Equal(0, poller.Wait(permit == SleepPermit.Unlimited ? Deadline.Infinite : Deadline.Immediate, ready));
                mailbox.EndSleep();
                List<int> delivered = mailbox.DeliverAll();
                delivered.ForEach(receive);
                received += delivered.Count;
            }

            return received;
        });
        Assert.Equal(count, receiver.Result());
    }

    private sealed record Outcome(List<int> Delivered, int[] Refused, int Lost);
}
