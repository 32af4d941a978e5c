using Vigil.Polling;

namespace Vigil.Internals.Tests.Polling;

public class ReadyBufferTests
{
    [Fact]
    public void It_starts_small_and_doubles_up_to_its_capacity_when_a_wait_filled_it()
    {
        var buffer = new ReadyBuffer(capacity: 100);
        List<int> sizes = [buffer.Size];
        for (int i = 0; i < 3; i++)
        {
            Fill(buffer);
            buffer.GrowIfFull();
            sizes.Add(buffer.Size);
        }

        Assert.Equal([32, 64, 100, 100], sizes);
    }

    [Fact]
    public void It_does_not_grow_when_a_wait_left_room()
    {
        var buffer = new ReadyBuffer(capacity: 100);
        Fill(buffer, buffer.Size - 1);

        buffer.GrowIfFull();

        Assert.Equal(32, buffer.Size);
        Assert.Equal(0, buffer.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    public void A_small_capacity_is_its_size_from_the_start(int capacity)
    {
        var buffer = new ReadyBuffer(capacity);

        Fill(buffer);

        Assert.Equal(capacity, buffer.Count);
        Assert.False(buffer.TryAdd(1, EventSet.In));
    }

    [Fact]
    public void Entries_come_back_as_they_were_added()
    {
        var buffer = new ReadyBuffer(capacity: 3);
        buffer.TryAdd(ulong.MaxValue, EventSet.EdgeTriggered | EventSet.In);
        buffer.TryAdd(0x0123_4567_89AB_CDEF, EventSet.None);
        buffer.TryAdd(1, EventSet.HangUp);

        Assert.Equal(
            [(ulong.MaxValue, EventSet.EdgeTriggered | EventSet.In), (0x0123_4567_89AB_CDEF, EventSet.None), (1UL, EventSet.HangUp)],
            Entries(buffer));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public void An_entry_that_is_taken_out_leaves_the_others_in_their_order(int index)
    {
        var buffer = new ReadyBuffer(capacity: 5);
        Fill(buffer);
        List<(ulong, EventSet)> expected = [.. Entries(buffer)];
        expected.RemoveAt(index);

        buffer.RemoveAt(index);

        Assert.Equal(expected, Entries(buffer));
    }

    [Theory]
    [InlineData(2, 32)]
    [InlineData(50, 50)]
    [InlineData(200, 100)]
    public void A_cleared_buffer_is_empty_and_has_the_room_asked_for_within_its_capacity(int room, int expected)
    {
        var buffer = new ReadyBuffer(capacity: 100);
        Fill(buffer);

        buffer.Clear(room);

        Assert.Equal((0, expected), (buffer.Count, buffer.Size));
        Fill(buffer);
        Assert.False(buffer.TryAdd(1, EventSet.In));
    }

    [Fact]
    public void Its_memory_stays_where_it_is_when_garbage_is_collected()
    {
        var buffer = new ReadyBuffer(capacity: 3);
        Fill(buffer);
        nint before = Address(buffer);

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);

        Assert.Equal(before, Address(buffer));
        Assert.Equal([(1UL, EventSet.In), (2UL, EventSet.In), (3UL, EventSet.In)], Entries(buffer));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public void Whoever_goes_from_the_first_entry_to_the_end_meets_each_once_and_can_look_back(int count)
    {
        var buffer = new ReadyBuffer(capacity: 100);
        Fill(buffer, count);

        List<ulong> tokens = [];
        for (ReadyEntry entry = buffer.First; entry != buffer.End; entry = entry.Next)
        {
            tokens.Add(entry.Token.Raw);
            Assert.Equal(EventSet.In, entry.Events);
            Assert.Equal(entry, entry.Next.Previous);
        }

        Assert.Equal(Entries(buffer).Select(entry => entry.Token), tokens);
    }

    private static void Fill(ReadyBuffer buffer, int? count = null)
    {
        for (ulong token = 1; token <= (ulong)(count ?? buffer.Size); token++)
        {
            Assert.True(buffer.TryAdd(token, EventSet.In));
        }
    }

    private static IEnumerable<(ulong Token, EventSet Events)> Entries(ReadyBuffer buffer) =>
        Enumerable.Range(0, buffer.Count).Select(i => (buffer[i].Token.Raw, buffer[i].Events));

    private static unsafe nint Address(ReadyBuffer buffer) => (nint)buffer.Start;
}
