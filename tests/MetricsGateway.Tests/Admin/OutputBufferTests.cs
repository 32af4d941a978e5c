using System.Buffers;
using MetricsGateway.Admin;
using MetricsGateway.Tests.Flushing;

namespace MetricsGateway.Tests.Admin;

public class OutputBufferTests
{
    private readonly ManualTime _time = new();

    [Fact]
    [Trait("Duration", "Scaled")]
    public void What_was_written_is_consumed_in_order_whatever_the_steps_and_all_memory_is_given_back()
    {
        Random random = new(Scale.Seed(7));
        OutputBudget budget = new(limit: 1 << 20, _time);
        OutputBuffer buffer = new(budget);

        // What was written and is not consumed begins there.
        MemoryStream model = new();
        int consumed = 0;
        for (int round = 0; round < Scale.Times(20_000); round++)
        {
            byte[] bytes = new byte[random.Next(0, random.Next(10) == 0 ? 6_000 : 200)];
            random.NextBytes(bytes);
            if (model.Length - consumed + bytes.Length <= 300_000)
            {
                buffer.Write(bytes);
                model.Write(bytes);
            }

            int sent = random.Next(0, Math.Min(buffer.Unsent.Length, 1_000) + 1);
            Assert.True(buffer.Unsent[..sent].SequenceEqual(model.GetBuffer().AsSpan(consumed, sent)), $"Round {round} brings others.");
            buffer.Consume(sent);
            consumed += sent;
            if (consumed > 1 << 20)
            {
                byte[] rest = model.GetBuffer()[consumed..(int)model.Length];
                model.SetLength(0);
                model.Write(rest);
                consumed = 0;
            }

            Assert.Equal(model.Length - consumed, buffer.Length);
            Assert.Equal(budget.Used, buffer.Held);
            Assert.True(buffer.Held >= buffer.Length);
        }

        Assert.False(buffer.IsOverflowed);
        Assert.Equal(model.GetBuffer()[consumed..(int)model.Length], buffer.TakeAll());
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public void A_long_answer_takes_little_more_memory_than_it_is_long()
    {
        OutputBudget budget = new(limit: 64 << 20, _time);
        OutputBuffer buffer = new(budget);

        for (int i = 0; i < 100_000; i++)
        {
            buffer.Write("0123456789012345678901234567890123456789"u8);
        }

        Assert.InRange(budget.Used, buffer.Length, buffer.Length + (buffer.Length / 10));
    }

    [Fact]
    public void Beyond_the_limit_everything_is_dropped_and_no_write_fails()
    {
        OutputBudget budget = new(limit: 10_000, _time);
        OutputBuffer buffer = new(budget);

        buffer.Write(new byte[8_000]);
        Assert.False(buffer.IsOverflowed);
        buffer.Write(new byte[3_000]);

        Assert.True(buffer.IsOverflowed);
        for (int i = 0; i < 1000; i++)
        {
            buffer.Write(new byte[1000]);
            buffer.Write("y"u8);
        }

        Assert.Equal(0, buffer.Length);
        Assert.Equal(0, buffer.Unsent.Length);
        Assert.Equal(0, budget.Used);
        Assert.InRange(buffer.GetMemory().Length, 1, 4096);
    }

    [Fact]
    public void What_was_sent_does_not_count_towards_the_limit()
    {
        OutputBuffer buffer = new(new OutputBudget(limit: 8192, _time));

        for (int i = 0; i < 100; i++)
        {
            buffer.Write(new byte[4000]);
            buffer.Consume(4000);
        }

        Assert.False(buffer.IsOverflowed);
    }

    [Fact]
    public void More_than_is_there_cannot_be_consumed()
    {
        OutputBuffer buffer = Outputs.WithLimit(4096);
        buffer.Write("abc"u8);

        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Consume(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Consume(-1));
    }

    [Fact]
    public void Who_has_taken_nothing_for_the_longest_time_makes_room_for_others()
    {
        OutputBudget budget = new(limit: 16_384, _time);
        OutputBuffer[] stalled = [new(budget), new(budget), new(budget)];
        List<OutputBuffer> givenUp = [];
        foreach (OutputBuffer buffer in stalled)
        {
            buffer.GivenUp += () => givenUp.Add(buffer);
            buffer.Write(new byte[4_000]);
            _time.Advance(0.5);
        }

        OutputBuffer reading = new(budget);
        reading.Write(new byte[4_000]);
        _time.Advance(0.5);
        stalled[0].Consume(1);
        _time.Advance(0.5);
        reading.Write(new byte[4_000]);

        Assert.Equal([stalled[1]], givenUp);
        Assert.True(stalled[1].IsOverflowed);
        Assert.Equal(8_000, reading.Length);
        Assert.Equal(budget.Used, stalled.Sum(buffer => buffer.Held) + reading.Held);
    }

    [Fact]
    public void Where_nobody_is_stalled_the_one_that_holds_the_most_makes_room()
    {
        OutputBudget budget = new(limit: 32_768, _time);
        OutputBuffer large = new(budget);
        OutputBuffer small = new(budget);
        large.Write(new byte[24_000]);
        small.Write(new byte[4_000]);

        OutputBuffer asking = new(budget);
        asking.Write(new byte[10_000]);

        Assert.True(large.IsOverflowed);
        Assert.Equal(4_000, small.Length);
        Assert.Equal(10_000, asking.Length);
    }

    [Fact]
    public void Who_has_just_taken_something_makes_room_for_nobody_that_holds_as_much()
    {
        OutputBudget budget = new(limit: 8_192, _time);
        OutputBuffer first = new(budget);
        first.Write(new byte[4_000]);
        _time.Advance(10);
        first.Consume(1);
        _time.Advance(0.9);

        OutputBuffer second = new(budget);
        second.Write(new byte[4_000]);
        second.Write(new byte[4_000]);

        Assert.True(second.IsOverflowed);
        Assert.Equal(3_999, first.Length);
    }

    [Fact]
    public void Who_would_be_beyond_the_limit_alone_takes_nothing_from_anybody()
    {
        OutputBudget budget = new(limit: 16_384, _time);
        OutputBuffer stalled = new(budget);
        stalled.Write(new byte[1_000]);
        _time.Advance(10);

        OutputBuffer large = new(budget);
        large.GetSpan(20_000);

        Assert.True(large.IsOverflowed);
        Assert.Equal(1_000, stalled.Length);
    }
}
