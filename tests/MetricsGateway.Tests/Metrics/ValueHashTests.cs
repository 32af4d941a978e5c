using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class ValueHashTests
{
    // The first vectors of the reference implementation (vectors.h, vectors_sip128): key 00 01 … 0f, input 00 01 ….
    [Theory]
    [InlineData(0, "A3817F04BA25A8E66DF67214C7550293")]
    [InlineData(1, "DA87C1D86B99AF44347659119B22FC45")]
    public void It_is_SipHash_with_128_bits(int length, string expected)
    {
        byte[] key = [.. Enumerable.Range(0, 16).Select(value => (byte)value)];
        byte[] text = [.. Enumerable.Range(0, length).Select(value => (byte)value)];

        var hash = ValueHash.Of(text, ValueHashKey.FromBytes(key));

        Assert.Equal(expected, Convert.ToHexString([.. BitConverter.GetBytes(hash.Low), .. BitConverter.GetBytes(hash.High)]));
    }

    [Fact]
    public void Texts_that_differ_have_hashes_that_differ()
    {
        ValueHashKey key = ValueHashKey.Create();
        HashSet<ValueHash> hashes = [];
        for (int length = 0; length < 200; length++)
        {
            byte[] text = new byte[length];
            Assert.True(hashes.Add(ValueHash.Of(text, key)));
            for (int i = 0; i < length; i++)
            {
                text[i] = 1;
                Assert.True(hashes.Add(ValueHash.Of(text, key)));
                text[i] = 0;
            }
        }
    }

    [Fact]
    public void Another_key_makes_other_hashes() =>
        Assert.NotEqual(ValueHash.Of("a"u8, ValueHashKey.Create()), ValueHash.Of("a"u8, ValueHashKey.Create()));
}
