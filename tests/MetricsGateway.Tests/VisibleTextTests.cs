using System.Text;
using System.Text.Json;

namespace MetricsGateway.Tests;

/// <summary>Untrusted names do not affect the line that shows them.</summary>
public class VisibleTextTests
{
    [Theory]
    [InlineData("api.get;env=prod", "api.get;env=prod")]
    [InlineData("größe.日本.👍", "größe.日本.👍")]
    [InlineData("a\u202Eb", "a\\u202Eb")]
    [InlineData("a\u2066b\u200Dc\uFEFF", "a\\u2066b\\u200Dc\\uFEFF")]
    [InlineData("a\u00ADb\u2028c\u001B[2J", "a\\u00ADb\\u2028c\\u001B[2J")]
    [InlineData("a\U000E0041b", "a\\uDB40\\uDC41b")]
    public void What_shows_nothing_is_written_as_its_number(string text, string visible) => Assert.Equal(visible, VisibleText.Of(text));

    [Theory]
    [InlineData("größe<b>&'日本", "\"größe<b>&'日本\"")]
    [InlineData("a\u202E\u2066\u200Db\"\\", "\"a\\u202E\\u2066\\u200Db\\\"\\\\\"")]
    [InlineData("\U000E0041", "\"\\uDB40\\uDC41\"")]
    public void In_JSON_it_is_an_escape_and_everything_else_is_as_before(string text, string json)
    {
        JsonWriterOptions options = new() { Encoder = VisibleText.Json };
        Assert.Equal(json, Write(writer => writer.WriteStringValue(text), options));
        Assert.Equal(json, Write(writer => writer.WriteStringValue(Encoding.UTF8.GetBytes(text)), options));
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Whatever_the_name_it_is_read_back_as_it_was()
    {
        Random random = new(Scale.Seed(11));
        JsonWriterOptions options = new() { Encoder = VisibleText.Json };
        for (int round = 0; round < Scale.Times(6_000); round++)
        {
            StringBuilder text = new();
            for (int i = random.Next(20); i > 0; i--)
            {
                int scalar = random.Next(4) switch
                {
                    0 => random.Next(0x80),
                    1 => random.Next(0x2000, 0x2100),
                    2 => random.Next(0xD800),
                    _ => random.Next(0xE000, 0x11_0000)
                };
                text.Append(new Rune(scalar).ToString());
            }

            string name = text.ToString();
            string json = Write(writer => writer.WriteStringValue(Encoding.UTF8.GetBytes(name)), options);

            Assert.Equal(name, JsonDocument.Parse(json).RootElement.GetString());
            Assert.Equal(json, VisibleText.Of(json));
        }
    }

    private static string Write(Action<Utf8JsonWriter> write, JsonWriterOptions options)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, options))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
