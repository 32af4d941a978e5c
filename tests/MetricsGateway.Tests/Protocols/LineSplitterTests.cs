using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Protocols;

public class LineSplitterTests
{
    private const string TooLong = "(too long)";

    [Theory]
    [InlineData("a\nb\n", "a", "b")]
    [InlineData("a\r\nb\r\n", "a", "b")]
    [InlineData("a\nb", "a", "b")]
    [InlineData("a\nb\r", "a", "b")]
    [InlineData("\n\r\na\n", "", "", "a")]
    [InlineData("a\rb\n", "a\rb")]
    [InlineData("")]
    [InlineData("12345678\n", "12345678")]
    [InlineData("12345678\r\n", "12345678")]
    [InlineData("12345678", "12345678")]
    [InlineData("123456789\nb\n", TooLong, "b")]
    [InlineData("123456789\r\nb\n", TooLong, "b")]
    [InlineData("123456789", TooLong)]
    [InlineData("12345678\rx\nb", TooLong, "b")]
    [InlineData("1234567890123456789012345678901234567890\n\nb\n", TooLong, "", "b")]
    public void A_stream_is_cut_into_lines_of_at_most_8_bytes_whatever_its_chunks(string stream, params string[] expected)
    {
        for (int chunkLength = 1; chunkLength <= Math.Max(1, stream.Length); chunkLength++)
        {
            using LineSplitter splitter = new(maxLength: 8);
            Assert.Equal(expected, Split(splitter, stream.Utf8(), () => chunkLength), StringComparer.Ordinal);
        }
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Random_streams_in_random_chunks_are_cut_as_the_simple_model_cuts_them()
    {
        Random random = new(Scale.Seed(20_240_229));
        for (int round = 0; round < Scale.Times(700); round++)
        {
            // Up to more than the first buffer holds, so that it has to grow while it has a part of a line.
            int scale = random.Next(2) == 0 ? 20 : 500;
            int maxLength = random.Next(1, 2 * scale);
            byte[] stream = RandomStream(random, length: random.Next(0, 10 * scale), lineLength: scale);
            using LineSplitter splitter = new(maxLength);

            Assert.Equal(
                SplitByModel(stream, maxLength), Split(splitter, stream, () => random.Next(1, scale)), StringComparer.Ordinal);
        }
    }

    [Fact]
    public void A_line_over_the_limit_is_reported_as_soon_as_that_is_certain()
    {
        using LineSplitter splitter = new(maxLength: 8);
        ReadOnlySpan<byte> chunk = "123456789"u8;

        Assert.Equal(LineRead.TooLong, splitter.Read(ref chunk, out _));
        chunk = "endless"u8;
        Assert.Equal(LineRead.NeedMore, splitter.Read(ref chunk, out _));
        Assert.Equal(LineRead.NeedMore, splitter.Finish(out _));
    }

    [Fact]
    public void A_line_within_a_chunk_is_handed_out_in_place()
    {
        using LineSplitter splitter = new(maxLength: 100);
        byte[] bytes = "first\nsecond\n".Utf8();
        ReadOnlySpan<byte> chunk = bytes;

        splitter.Read(ref chunk, out ReadOnlySpan<byte> line);

        Assert.True(bytes.AsSpan().Overlaps(line, out int offset));
        Assert.Equal(0, offset);
    }

    [Fact]
    public void A_splitter_can_be_used_again_after_it_gave_its_buffer_back()
    {
        LineSplitter splitter = new(maxLength: 8);
        ReadOnlySpan<byte> chunk = "left over"u8[..4];
        splitter.Read(ref chunk, out _);

        splitter.Dispose();

        Assert.Equal(["new"], Split(splitter, "new\n".Utf8(), () => 2));
    }

    private static byte[] RandomStream(Random random, int length, int lineLength)
    {
        byte[] stream = new byte[length];
        for (int i = 0; i < length; i++)
        {
            stream[i] = random.Next(lineLength) switch
            {
                0 => (byte)'\n',
                1 => (byte)'\r',
                _ => (byte)random.Next('a', 'z'),
            };
            if (stream[i] == '\r' && random.Next(2) == 0 && i + 1 < length)
            {
                stream[++i] = (byte)'\n';
            }
        }

        return stream;
    }

    private static List<string> Split(LineSplitter splitter, byte[] stream, Func<int> nextChunkLength)
    {
        List<string> lines = [];
        for (int start = 0; start < stream.Length;)
        {
            int length = Math.Min(nextChunkLength(), stream.Length - start);

            // Each chunk is in the buffer that the next one overwrites, as with a socket.
            byte[] buffer = stream.AsSpan(start, length).ToArray();
            ReadOnlySpan<byte> chunk = buffer;
            LineRead read;
            while ((read = splitter.Read(ref chunk, out ReadOnlySpan<byte> line)) != LineRead.NeedMore)
            {
                lines.Add(read == LineRead.TooLong ? TooLong : line.Text());
            }

            Array.Clear(buffer);
            start += length;
        }

        if (splitter.Finish(out ReadOnlySpan<byte> last) == LineRead.Line)
        {
            lines.Add(last.Text());
        }

        return lines;
    }

    private static List<string> SplitByModel(byte[] stream, int maxLength)
    {
        List<string> lines = [.. new ReadOnlySpan<byte>(stream).Text().Split('\n')];
        if (lines[^1].Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        return lines.ConvertAll(line => line.EndsWith('\r') ? line[..^1] : line)
            .ConvertAll(line => line.Length > maxLength ? TooLong : line);
    }
}
