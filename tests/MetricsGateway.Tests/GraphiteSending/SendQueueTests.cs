using MetricsGateway.Configuration;
using MetricsGateway.GraphiteSending;

namespace MetricsGateway.Tests.GraphiteSending;

public class SendQueueTests
{
    private readonly LineBlockPool _pool = new();

    [Fact]
    public void As_many_blocks_as_may_be_under_way_are_used_again()
    {
        LineBlockPool pool = new();
        LineBlock[] blocks = RentAll();
        Array.ForEach(blocks, pool.Return);

        Assert.Equal(blocks.ToHashSet(), RentAll().ToHashSet());

        // The blocks that wait to be taken, and those that wait to be sent.
        LineBlock[] RentAll() =>
            [.. Enumerable.Range(
                0,
                (int)(2 * GatewayOptions.Defaults.GraphiteBuffer / LineBlock.DefaultCapacity)).Select(_ => pool.Rent(length: 1))];
    }

    [Fact]
    public void Lines_are_sent_in_order_and_counted_when_they_are_whole()
    {
        SendQueue queue = new(_pool, limit: 1_000);
        queue.Add([Block("one\n", "two\n"), Block("three\n")]);
        Assert.Equal((14, 3), (queue.Bytes, queue.Lines));

        Assert.Equal("one\ntwo\nthree\n", Take(queue, 5) + Take(queue, 100));

        Assert.Equal((14, 3), (queue.SentBytes, queue.SentLines));
        Assert.True(queue.IsEmpty);
        Assert.Equal(0, queue.Lines);
    }

    [Fact]
    public void Beyond_the_limit_the_oldest_lines_are_dropped_and_counted()
    {
        SendQueue queue = new(_pool, limit: 2 * LineBlock.DefaultCapacity);

        for (int i = 0; i < 5; i++)
        {
            queue.Add([FullBlock(i)]);
        }

        Assert.InRange(queue.Bytes, LineBlock.DefaultCapacity, queue.Limit);
        Assert.Equal(5 * LinesOfFullBlock, queue.Lines + queue.DroppedLines);
        Assert.StartsWith("3", Take(queue, 10), StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_is_partly_sent_is_not_dropped()
    {
        SendQueue queue = new(_pool, limit: 2 * LineBlock.DefaultCapacity);
        queue.Add([FullBlock(0)]);
        Take(queue, 5);

        for (int i = 1; i < 5; i++)
        {
            queue.Add([FullBlock(i)]);
        }

        string rest = Take(queue, int.MaxValue);
        Assert.StartsWith("0000000000\n", "00000" + rest, StringComparison.Ordinal);
        Assert.EndsWith("4444444444\n", rest, StringComparison.Ordinal);
        Assert.Equal(5 * LinesOfFullBlock, queue.SentLines + queue.DroppedLines);
    }

    [Fact]
    public void A_line_that_was_partly_sent_is_sent_again_as_a_whole()
    {
        SendQueue queue = new(_pool, limit: 1_000);
        queue.Add([Block("one\n", "two\n", "three\n")]);
        Assert.Equal("one\ntw", Take(queue, 6));

        queue.RewindToLine();

        Assert.Equal(2, queue.Lines);
        Assert.Equal("two\nthree\n", Take(queue, 100));
        Assert.Equal((14, 3), (queue.SentBytes, queue.SentLines));
    }

    [Fact]
    public void A_line_boundary_is_where_it_was_after_a_rewind()
    {
        SendQueue queue = new(_pool, limit: 1_000);
        queue.Add([Block("one\n", "two\n")]);
        Take(queue, 4);

        queue.RewindToLine();

        Assert.Equal("two\n", Take(queue, 100));
    }

    [Fact]
    public void Many_small_flushes_take_little_more_memory_than_their_lines()
    {
        SendQueue queue = new(_pool, limit: 10 << 20);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 10_000; i++)
        {
            queue.Add([Block("stats.counters.hits.count 1 1700000000\n")]);
        }

        Assert.Equal(390_000, queue.Bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 390_000, 4 << 20);
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Any_sequence_of_steps_neither_loses_nor_doubles_a_line()
    {
        Random random = new(Scale.Seed(2003));
        SendQueue queue = new(_pool, limit: 3 * LineBlock.DefaultCapacity);
        long added = 0;
        string sent = "";
        long last = -1;
        for (int step = 0; step < Scale.Times(1_000); step++)
        {
            switch (random.Next(10))
            {
                case 0:
                    sent = sent[..(sent.LastIndexOf('\n') + 1)];
                    queue.RewindToLine();
                    break;
                case < 6:
                    LineBlock block = Block([.. Enumerable.Range(0, random.Next(1, 400)).Select(i => $"{added + i:D20}\n")]);
                    added += block.Lines;
                    queue.Add([block]);
                    break;
                default:
                    sent += Take(queue, random.Next(1, 6_000));
                    break;
            }

            Assert.Equal(added, queue.Lines + queue.SentLines + queue.DroppedLines);
            Assert.InRange(queue.Bytes, 0, queue.Limit + LineBlock.DefaultCapacity);
            int whole = sent.LastIndexOf('\n') + 1;
            last = LastOf(sent[..whole], last);
            sent = sent[whole..];
        }

        Assert.True(queue.DroppedLines > 0);
    }

    private static int LinesOfFullBlock => LineBlock.DefaultCapacity / 11;

    // Every line is whole, and newer than the previous one.
    private static long LastOf(string sent, long last)
    {
        foreach (string line in sent.Split('\n')[..^1])
        {
            Assert.Equal(20, line.Length);
            long number = long.Parse(line);
            Assert.True(number > last);
            last = number;
        }

        return last;
    }

    private static string Take(SendQueue queue, int count)
    {
        string taken = "";
        while (taken.Length < count && !queue.IsEmpty)
        {
            ReadOnlySpan<byte> next = queue.Next[..Math.Min(queue.Next.Length, count - taken.Length)];
            taken += next.Text();
            queue.Advance(next.Length);
        }

        return taken;
    }

    private LineBlock FullBlock(int digit) => Block([.. Enumerable.Repeat(new string((char)('0' + digit), 10) + "\n", LinesOfFullBlock)]);

    private LineBlock Block(params string[] lines)
    {
        LineBlock block = _pool.Rent(1);
        foreach (string line in lines)
        {
            line.Utf8().CopyTo(block.Bytes.AsSpan(block.Length));
            block.Length += line.Length;
            block.Lines++;
        }

        return block;
    }
}
