using System.Text;

namespace Vigil.Internals.Tests.Files;

/// <summary>Names of arbitrary bytes as text, and back.</summary>
public class FileNameTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("grüße, 世界, 💀 and 🧀")]
    public void UTF8_is_the_text_that_it_says(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Assert.Equal(text, FileName.Decode(bytes));
        Assert.Equal(bytes, FileName.Encode(text));
    }

    [Fact]
    public void Any_bytes_have_a_text_of_their_own_that_leads_back_to_them()
    {
        var random = new Random(1);
        var texts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        byte[] likely = [(byte)'a', 0x80, 0xBF, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xED, 0xB2, 0x80, 0xF0, 0x9F, 0x92, 0x80, 0xFF];
        for (int i = 0; i < 100_000; i++)
        {
            byte[] bytes = random.GetItems(likely, random.Next(8));
            string text = FileName.Decode(bytes);
            Assert.Equal(bytes, FileName.Encode(text));
            Assert.Equal(bytes, texts.TryGetValue(text, out byte[]? same) ? same : bytes);
            texts[text] = bytes;
        }
    }
}
