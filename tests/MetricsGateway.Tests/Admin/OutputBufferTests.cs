using System.Buffers;
using MetricsGateway.Admin;

namespace MetricsGateway.Tests.Admin;

public class OutputBufferTests
{
    [Fact]
    public void What_was_written_is_consumed_in_order_whatever_the_steps()
    {
        Random random = new(7);
        OutputBuffer buffer = new(limit: 10_000);
        Queue<byte> model = new();
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = new byte[random.Next(0, 200)];
            random.NextBytes(bytes);
            if (model.Count + bytes.Length <= 10_000)
            {
                buffer.Write(bytes);
                Array.ForEach(bytes, model.Enqueue);
            }

            int sent = random.Next(0, Math.Min(model.Count, 220) + 1);
            Assert.Equal(Enumerable.Range(0, sent).Select(_ => model.Dequeue()), buffer.Unsent[..sent].ToArray());
            buffer.Consume(sent);
            Assert.Equal(model.Count, buffer.Length);
        }

        Assert.False(buffer.IsOverflowed);
    }

    [Fact]
    public void The_limit_may_be_reached_exactly()
    {
        OutputBuffer buffer = new(limit: 10);

        buffer.Write("0123456789"u8);

        Assert.False(buffer.IsOverflowed);
        Assert.Equal("0123456789", buffer.Unsent.Text());
    }

    [Fact]
    public void Beyond_the_limit_everything_is_dropped_and_no_write_fails()
    {
        OutputBuffer buffer = new(limit: 10);

        buffer.Write("0123456789"u8);
        buffer.Write("x"u8);

        Assert.True(buffer.IsOverflowed);
        for (int i = 0; i < 1000; i++)
        {
            buffer.Write(new byte[1000]);
            buffer.Write("y"u8);
        }

        Assert.Equal(0, buffer.Length);
        Assert.InRange(buffer.GetMemory().Length, 1, 4096);
    }

    [Fact]
    public void What_was_sent_does_not_count_towards_the_limit()
    {
        OutputBuffer buffer = new(limit: 10);

        buffer.Write("0"u8);
        for (int i = 0; i < 100; i++)
        {
            buffer.Write("123456789"u8);
            Assert.Equal(10, buffer.Length);
            buffer.Consume(9);
        }

        Assert.Equal("9", buffer.Unsent.Text());
        Assert.False(buffer.IsOverflowed);
    }

    [Fact]
    public void More_than_is_there_cannot_be_consumed()
    {
        OutputBuffer buffer = new(limit: 10);
        buffer.Write("abc"u8);

        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Consume(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Consume(-1));
    }
}
