using Vigil.Polling;
using Vigil.Recording;

namespace Vigil.Internals.Tests.Recording;

/// <summary>What is written is read, wherever chunks end and whatever is lost; and a damaged file is refused and nothing else.</summary>
public sealed class RecordFormatTests
{
    [Fact]
    public void Random_records_are_read_as_they_were_written()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var sink = new ListSink();
            var writer = new RecordWriter(sink);
            List<string> expected = [];
            for (int i = random.Next(3_000); i >= 0; i--)
            {
                expected.Add(WriteOne(writer, random));
                if (random.Next(20) == 0)
                {
                    writer.Publish();
                }
            }

            writer.Dispose();

            Assert.Equal(expected, Read(sink.ToFile()));
            Assert.Equal(0, writer.Lost);
        }
    }

    [Fact]
    public void What_finds_no_chunk_is_counted_and_leaves_a_gap()
    {
        var sink = new ListSink { Capacity = 1 };
        var writer = new RecordWriter(sink);
        const int TooMany = (Chunk.Size / 2) + 100;
        for (int i = 0; i < TooMany; i++)
        {
            writer.Iteration(isImmediate: true);
        }

        Assert.Equal(200, writer.Lost);
        sink.Capacity = 2;
        writer.Publish();
        writer.Iteration(isImmediate: false);
        writer.Dispose();

        List<string> lines = Read(sink.ToFile());
        Assert.Equal((Chunk.Size / 2) + 2, lines.Count);
        Assert.Equal("a gap: 200 bytes of records were lost", lines[^2]);
        Assert.Equal("an iteration", lines[^1]);
    }

    [Fact]
    public void A_file_that_ends_anywhere_is_read_up_to_its_last_whole_chunk()
    {
        byte[] file = SmallFile();
        int whole = Read(file).Count;
        for (int length = RecordingHeader.Size; length < file.Length; length++)
        {
            Assert.InRange(Read(file[..length]).Count, 0, whole);
        }

        for (int length = 0; length < RecordingHeader.Size; length++)
        {
            Assert.Throws<InvalidDataException>(() => Read(file[..length]));
        }
    }

    [Fact]
    public void A_damaged_file_is_refused_as_that_or_read_as_something_else()
    {
        byte[] file = SmallFile();
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] damaged = [.. file];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                Read(damaged);
            }
            catch (InvalidDataException)
            {
                // As it should be.
            }
        }
    }

    [Fact]
    public void A_ring_keeps_the_last_chunks_and_each_can_be_read_alone()
    {
        var ring = new RingSink(capacity: 3);
        var writer = new RecordWriter(ring);
        const int Records = 30_000;
        for (int i = 0; i < Records; i++)
        {
            writer.Opened($"name {i % 7}", i);
        }

        writer.Publish();
        Chunk[] kept = [.. ring.Chunks, writer.Current!];

        Assert.InRange(kept.Length, 1, 3);
        List<string> lines = Read(ListSink.FileOf(kept));
        Assert.Equal($"a gap: {kept[0].Number} chunks of records are missing", lines[0]);
        lines.RemoveAt(0);
        Assert.Equal($"fd {Records - 1} is name {(Records - 1) % 7}", lines[^1]);
        Assert.Equal(Enumerable.Range(Records - lines.Count, lines.Count).Select(i => $"fd {i} is name {i % 7}"), lines);
    }

    [Fact]
    public void A_chunk_that_is_missing_is_a_gap_and_what_is_left_of_a_record_is_read_as_that()
    {
        var sink = new ListSink();
        var writer = new RecordWriter(sink);
        writer.Transfer(RecordKind.Read, 7, 100_000, 0, new byte[100_000]);
        writer.Message(0);
        writer.Dispose();
        byte[] whole = sink.ToFile();
        int first = BitConverter.ToInt32(whole, RecordingHeader.Size) + RecordingHeader.FrameSize;

        List<string> lines = Read([.. whole.Take(RecordingHeader.Size), .. whole.Skip(RecordingHeader.Size + first)]);

        Assert.Equal("a gap: 1 chunks of records are missing", lines[0]);
        Assert.StartsWith("bytes of a record that is missing: 00", lines[1], StringComparison.Ordinal);
        Assert.Equal("a message from the mailbox", lines[^1]);
    }

    [Fact]
    public void An_empty_chunk_behind_a_record_that_goes_on_is_damage()
    {
        var sink = new ListSink();
        var writer = new RecordWriter(sink);
        writer.Transfer(RecordKind.Read, 7, 100, 0, new byte[100]);
        writer.Dispose();
        const int Head = 15;
        byte[] file = sink.ToFile();
        byte[] frame = new byte[RecordingHeader.FrameSize];
        RecordingHeader.WriteFrame(file.AsSpan(RecordingHeader.Size), Head, number: 0);
        RecordingHeader.WriteFrame(frame, length: 0, number: 1);
        file = [.. file.Take(RecordingHeader.Size + RecordingHeader.FrameSize + Head), .. frame];

        Assert.Throws<InvalidDataException>(() => Read(file));
    }

    [Fact]
    public void While_no_chunk_is_free_records_do_not_ask_for_one_each()
    {
        var sink = new ListSink { Capacity = 0 };
        var writer = new RecordWriter(sink);
        int asked = sink.Asked;
        for (int i = 0; i < 100; i++)
        {
            writer.Opened("a name", i);
            writer.Message(0);
        }

        Assert.Equal(asked, sink.Asked);
        writer.Publish();
        Assert.Equal(asked + 1, sink.Asked);
        Assert.Equal(100 * (11 + 7 + 1), writer.Lost);
    }

    [Fact]
    public void Text_of_others_does_nothing_to_a_terminal()
    {
        string line = RecordText.Of(new RecordEntry(RecordKind.Opened) { Number = 3, Text = "a\u001b[2J\nb" });

        Assert.Equal("fd 3 is a\\u001b[2J\\u000ab", line);
    }

    private static string WriteOne(RecordWriter writer, Random random)
    {
        int fd = random.Next(100);
        switch (random.Next(9))
        {
            case 0:
                bool isImmediate = random.Next(2) == 0;
                writer.Iteration(isImmediate);
                return RecordText.Of(new RecordEntry(RecordKind.Iteration) { Value = isImmediate ? 1 : 0 });
            case 1:
                long reading = random.NextInt64();
                writer.Clock(RecordedClock.BootTime, reading);
                return RecordText.Of(new RecordEntry(RecordKind.Clock) { Number = (int)RecordedClock.BootTime, Value = reading });
            case 2:
                var token = new SourceToken((ulong)random.NextInt64());
                writer.Registration(RegistrationCall.Modify, fd, token, EventSet.In | EventSet.OneShot, 12);
                return RecordText.Of(new RecordEntry(RecordKind.Registration)
                {
                    Call = RegistrationCall.Modify,
                    Number = fd,
                    Token = token,
                    Events = EventSet.In | EventSet.OneShot,
                    Errno = 12,
                });
            case 3:
                writer.Message(0);
                return RecordText.Of(new RecordEntry(RecordKind.Message));
            case 4:
                byte[] input = BytesOf(random);
                string name = $"input {random.Next(5)}";
                writer.Input(name, input);
                return RecordText.Of(new RecordEntry(RecordKind.Input) { Text = name, Bytes = input });
            case 5:
                byte[] bytes = BytesOf(random);
                writer.Transfer(RecordKind.Write, fd, bytes.Length, 0, bytes);
                return RecordText.Of(new RecordEntry(RecordKind.Write) { Number = fd, Value = bytes.Length, Bytes = bytes });
            case 6:
                writer.Accept(fd, 7, 0, "127.0.0.1:80");
                return RecordText.Of(new RecordEntry(RecordKind.Accept) { Number = fd, Value = 7, Text = "127.0.0.1:80" });
            case 7:
                writer.ShutdownWrite(fd, 107);
                return RecordText.Of(new RecordEntry(RecordKind.ShutdownWrite) { Number = fd, Errno = 107 });
            default:
                return WriteWait(writer, random);
        }
    }

    // Now and then more entries than one chunk has room for.
    private static string WriteWait(RecordWriter writer, Random random)
    {
        int count = random.Next(50) == 0 ? random.Next(12_000) : random.Next(4);
        var ready = new ReadyBuffer(20_000);
        ready.Clear(20_000);
        List<(SourceToken Token, EventSet Events)> entries = [];
        for (int i = 0; i < count; i++)
        {
            entries.Add((new SourceToken((ulong)random.NextInt64()), EventSet.Out));
            Assert.True(ready.TryAdd(entries[i].Token, entries[i].Events));
        }

        writer.Wait(0, ready);
        return RecordText.Of(new RecordEntry(RecordKind.Wait) { Ready = entries });
    }

    private static byte[] BytesOf(Random random)
    {
        byte[] bytes = new byte[random.Next(100) == 0 ? random.Next(200_000) : random.Next(40)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] SmallFile()
    {
        var sink = new ListSink();
        var writer = new RecordWriter(sink);
        var random = new Random(3);
        for (int i = 0; i < 20; i++)
        {
            writer.Opened("a name", i);
            writer.Clock(RecordedClock.Monotonic, random.NextInt64());
            writer.Input("another", [1, 2, 3]);
            if (i % 5 == 0)
            {
                writer.Publish();
            }
        }

        writer.Dispose();
        return sink.ToFile();
    }

    private static List<string> Read(byte[] file)
    {
        using var reader = new RecordReader(new MemoryStream(file), "the file");
        List<string> lines = [];
        while (reader.Next() is { } record)
        {
            lines.Add(RecordText.Of(record));
        }

        return lines;
    }

    private sealed class ListSink : IChunkSink
    {
        private readonly List<Chunk> _full = [];
        private readonly List<(Chunk Chunk, int Length)> _parts = [];
        private int _given;

        public int Capacity { get; set; } = int.MaxValue;

        public bool HasFailed => false;

        public int Asked { get; private set; }

        public Chunk? Exchange(Chunk? full)
        {
            Asked++;
            if (full is not null)
            {
                _full.Add(full);
            }

            if (_given == Capacity)
            {
                return null;
            }

            _given++;
            return new Chunk { IsAwaited = true };
        }

        // Where the writer of a file would have written what there is.
        public void OnPublished(Chunk chunk) => _parts.Add((chunk, chunk.Length));

        public byte[] ToFile() => FileOf(_full, chunk => _parts
            .Where(part => part.Chunk == chunk).Select(part => part.Length).Append(chunk.Length).Where(length => length > 0).Distinct());

        public static byte[] FileOf(IEnumerable<Chunk> chunks) => FileOf(chunks, chunk => [chunk.Length]);

        private static byte[] FileOf(IEnumerable<Chunk> chunks, Func<Chunk, IEnumerable<int>> partsOf)
        {
            byte[] header = new byte[RecordingHeader.Size];
            new RecordingHeader(0, HasTraffic: true).Write(header);
            List<byte> file = [.. header];
            byte[] frame = new byte[RecordingHeader.FrameSize];
            foreach (Chunk chunk in chunks)
            {
                foreach (int length in partsOf(chunk))
                {
                    RecordingHeader.WriteFrame(frame, length - chunk.Written, chunk.Number);
                    file.AddRange(frame);
                    file.AddRange(chunk.Bytes.AsSpan(chunk.Written, length - chunk.Written));
                    chunk.Written = length;
                }
            }

            return [.. file];
        }

        public void Dispose()
        {
            // Nothing is open.
        }
    }
}
