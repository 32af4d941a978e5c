using System.Runtime.InteropServices;
using System.Text;
using Vigil.Interop;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Files;

/// <summary>The kernel's records, and the halves of moves.</summary>
public class RecordQueueTests
{
    private readonly RecordQueue _queue = new();

    [Fact]
    public void Records_are_taken_out_of_what_was_read_with_their_names_and_positions()
    {
        byte[] bytes = [.. Bytes(3, InotifyNative.IN_CREATE, 0, "name"), .. Bytes(4, InotifyNative.IN_DELETE_SELF, 0, ""), .. Bytes(
            5,
            InotifyNative.IN_MOVED_TO,
            7,
            "a name of another length")];
        var records = new InotifyRecords(bytes, position: 1000);
        Assert.True(records.TryTake(out InotifyRecord record));
        Assert.Equal(new InotifyRecord(1000, 3, InotifyNative.IN_CREATE, 0, "name", End: 1032), record);
        Assert.True(records.TryTake(out record));
        Assert.Equal(new InotifyRecord(1032, 4, InotifyNative.IN_DELETE_SELF, 0, Name: null, End: 1048), record);
        Assert.True(records.TryTake(out record));
        Assert.Equal(new InotifyRecord(1048, 5, InotifyNative.IN_MOVED_TO, 7, "a name of another length", End: 1096), record);
        Assert.False(records.TryTake(out _));
    }

    [Fact]
    public void The_halves_of_a_move_come_together_at_the_place_of_the_first()
    {
        Add(InotifyNative.IN_MOVED_FROM, cookie: 1, "a");
        Add(InotifyNative.IN_CREATE, cookie: 0, "between");
        Add(InotifyNative.IN_MOVED_TO, cookie: 1, "b");
        Add(InotifyNative.IN_CREATE, cookie: 0, "after");
        Assert.Equal(["a>b", "between", "after"], TakeAll(now: 0));
    }

    [Fact]
    public void A_first_half_holds_up_what_is_behind_it_until_the_second_is_read()
    {
        Add(InotifyNative.IN_MOVED_FROM, cookie: 1, "a");
        Add(InotifyNative.IN_CREATE, cookie: 0, "after");
        Assert.Empty(TakeAll(now: RecordQueue.Patience - 1));
        Assert.Equal(RecordQueue.Patience, _queue.Deadline);
        Add(InotifyNative.IN_MOVED_TO, cookie: 1, "b");
        Assert.Equal(["a>b", "after"], TakeAll(now: RecordQueue.Patience - 1));
        Assert.Equal(TimingWheel.Never, _queue.Deadline);
    }

    [Fact]
    public void A_first_half_whose_second_does_not_come_is_a_departure()
    {
        Add(InotifyNative.IN_MOVED_FROM, cookie: 1, "a");
        Add(InotifyNative.IN_MOVED_FROM, cookie: 2, "b");
        Add(InotifyNative.IN_CREATE, cookie: 0, "after");
        Assert.Empty(TakeAll(now: 0));

        // Both have waited at the same time.
        Assert.Equal(["a", "b", "after"], TakeAll(now: RecordQueue.Patience));
    }

    [Fact]
    public void A_second_half_alone_is_an_arrival()
    {
        Add(InotifyNative.IN_MOVED_TO, cookie: 1, "a");
        Add(InotifyNative.IN_MOVED_TO, cookie: 2, "b");
        Assert.Equal(["a", "b"], TakeAll(now: 0));
    }

    private static byte[] Bytes(int watch, uint mask, uint cookie, string name)
    {
        byte[] text = Encoding.UTF8.GetBytes(name);
        byte[] padded = new byte[name.Length == 0 ? 0 : (name.Length / 16 * 16) + 16];
        text.CopyTo(padded, 0);
        return [.. MemoryMarshal.AsBytes<uint>([(uint)watch, mask, cookie, (uint)padded.Length]), .. padded];
    }

    private void Add(uint mask, uint cookie, string name) => _queue.Add(new InotifyRecord(0, 1, mask, cookie, name, End: 32), now: 0);

    private List<string> TakeAll(long now)
    {
        List<string> names = [];
        while (_queue.TryTake(now, out InotifyRecord record, out InotifyRecord? destination))
        {
            names.Add(destination is { } second ? $"{record.Name}>{second.Name}" : record.Name!);
        }

        return names;
    }
}
