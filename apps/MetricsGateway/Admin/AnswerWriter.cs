using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace MetricsGateway.Admin;

/// <summary>Writes the lines of an answer in the form of statsd's management interface.</summary>
internal readonly struct AnswerWriter(IBufferWriter<byte> output)
{
    private const int MaxNumberLength = 20;

    public AnswerWriter Text(ReadOnlySpan<byte> utf8)
    {
        output.Write(utf8);
        return this;
    }

    public AnswerWriter Text(string text)
    {
        Encoding.UTF8.GetBytes(text, output);
        return this;
    }

    public AnswerWriter Number(long value)
    {
        _ = Utf8Formatter.TryFormat(value, output.GetSpan(MaxNumberLength), out int written);
        output.Advance(written);
        return this;
    }

    public void Line(string key, long value) => Text(key).Text(": "u8).Number(value).EndLine();

    public void Line(string key, string value) => Text(key).Text(": "u8).Text(value).EndLine();

    public void EndLine() => output.Write("\n"u8);

    /// <summary>The empty line after END is part of the format: statsd writes it, and clients wait for it.</summary>
    public void EndAnswer() => output.Write("END\n\n"u8);
}
