using System.Buffers;
using System.Text;
using MetricsGateway.Admin;

namespace MetricsGateway.Tests.Admin;

/// <summary>Output buffers for tests.</summary>
internal static class Outputs
{
    /// <summary>A buffer with a budget of its own.</summary>
    public static OutputBuffer WithLimit(int limit) => new(new OutputBudget(limit, TimeProvider.System));

    /// <summary>All waiting bytes, as a client would read them.</summary>
    public static byte[] TakeAll(this OutputBuffer buffer)
    {
        ArrayBufferWriter<byte> all = new();
        while (buffer.Length > 0)
        {
            Assert.NotEqual(0, buffer.Unsent.Length);
            all.Write(buffer.Unsent);
            buffer.Consume(buffer.Unsent.Length);
        }

        return all.WrittenSpan.ToArray();
    }

    public static string TakeText(this OutputBuffer buffer) => Encoding.UTF8.GetString(buffer.TakeAll());
}
