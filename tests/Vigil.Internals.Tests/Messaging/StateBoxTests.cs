using Vigil.Internals.Tests.Support;
using Vigil.Messaging;

namespace Vigil.Internals.Tests.Messaging;

/// <summary>Values travel to another thread in boxes that return.</summary>
public class StateBoxTests
{
    [Fact]
    public void A_value_comes_out_as_it_was_put_in()
    {
        StateBox<(int, string)> box = StateBox<(int, string)>.Rent((7, "seven"));

        Assert.Equal((7, "seven"), box.Return());
    }

    [Fact]
    public void A_box_that_was_returned_is_used_again_and_has_forgotten_its_value()
    {
        StateBox<Marker> first = StateBox<Marker>.Rent(new Marker(new object()));
        first.Return();

        StateBox<Marker> second = StateBox<Marker>.Rent(default);

        Assert.Same(first, second);
        Assert.Null(second.Return().Reference);
    }

    [Fact]
    public void Boxes_that_are_out_at_the_same_time_are_different()
    {
        StateBox<int>[] boxes = [.. Enumerable.Range(0, 100).Select(StateBox<int>.Rent)];

        Assert.Equal(Enumerable.Range(0, 100), boxes.Select(box => box.Return()));
    }

    [Fact]
    public void A_reference_travels_without_a_box()
    {
        var state = new object();
        object? received = null;

        StateKind<StateBoxTests, object>.Create((_, value) => received = value, state).Deliver(this);

        Assert.Same(state, received);
    }

    [Fact]
    public void A_value_of_eight_bytes_without_references_travels_without_a_box_and_others_in_one()
    {
        Assert.Null(StateKind<StateBoxTests, long>.Create((_, _) => { }, 1).State);
        Assert.Null(StateKind<StateBoxTests, (int, float)>.Create((_, _) => { }, (1, 2)).State);
        Assert.NotNull(StateKind<StateBoxTests, (long, byte)>.Create((_, _) => { }, (1, 2)).State);
        Assert.NotNull(StateKind<StateBoxTests, Marker>.Create((_, _) => { }, new Marker(this)).State);
    }

    [Fact]
    public void Values_posted_by_one_thread_and_consumed_by_another_allocate_nothing_on_either()
    {
        const int ValuesEach = 500;
        using var mailbox = new Mailbox<Sum>();
        using var rounds = new MeasuredRounds();
        var sum = new Sum();
        var sender = new BackgroundThread<int>(() => rounds.Put(() => PostValues(mailbox, ValuesEach)));

        int allocatingByReceiver = rounds.Take(() => TakeValues(mailbox, sum, ValuesEach));

        Assert.InRange(sender.Result(), 0, MeasuredRounds.Allowed);
        Assert.InRange(allocatingByReceiver, 0, MeasuredRounds.Allowed);
        Assert.Equal((long)MeasuredRounds.Count * ValuesEach * (ValuesEach - 1) / 2, sum.Value);
    }

    [Fact]
    public void Boxes_of_many_threads_that_are_returned_elsewhere_are_never_in_two_hands()
    {
        const int Senders = 4;
        const int ValuesEach = 30_000;
        using var mailbox = new Mailbox<List<int>>();
        BackgroundThread<int>[] senders = [.. Enumerable.Range(0, Senders).Select(sender => new BackgroundThread<int>(() =>
        {
            for (int i = 0; i < ValuesEach; i++)
            {
                mailbox.Post(Letters.Numbered((sender * ValuesEach) + i));
            }

            return ValuesEach;
        }))];

        List<int> received = [];
        Patience.Until(
            () =>
            {
                received.AddRange(mailbox.DeliverAll());
                return received.Count >= Senders * ValuesEach;
            },
            "all values");

        Assert.All(senders, sender => Assert.Equal(ValuesEach, sender.Result()));
        Assert.Equal(Enumerable.Range(0, Senders * ValuesEach), received.Order());
    }

    private static void PostValues(Mailbox<Sum> mailbox, int count)
    {
        for (int i = 0; i < count; i++)
        {
            mailbox.Post(StateKind<Sum, (long By, long Twice)>.Create(static (sum, value) => sum.Value += (int)value.By, (i, 2L * i)));
        }
    }

    private static void TakeValues(Mailbox<Sum> mailbox, Sum sum, int count)
    {
        var spin = default(PatientSpin);
        for (int taken = 0; taken < count;)
        {
            if (mailbox.TryTake(out Message<Sum> message))
            {
                message.Deliver(sum);
                taken++;
            }
            else
            {
                spin.Once("A message was lost.");
            }
        }
    }

    private sealed class Sum
    {
        public long Value { get; set; }
    }

    private readonly record struct Marker(object? Reference);
}
