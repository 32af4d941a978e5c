using System.Globalization;
using System.Text;

namespace MetricsGateway.Tests.Fuzzing;

/// <summary>
/// Checks a property of many inputs. They come from a corpus by random changes; an input whose outcome is new joins the corpus, so that
/// later changes begin where earlier ones arrived. What fails is made as short as it can be, and printed as C#.
/// </summary>
internal sealed class Fuzzer
{
    private const int MaxKept = 2_000;
    private const int MaxLength = 8_192;

    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "0", "-0", "-1", "+1", "00", "1e308", "1e309", "1e-324", "-1e308", "9007199254740993", "18446744073709551616", "0x10", "NaN",
            "inf",
            ":", "|", "|@", "|#", ",", ";", "=", ".", "..", "/", " ", "\t", "\r", "\n", "\r\n", "\0", "*", "\"", "\\", "\\u0000", "\\ud800",
            "{", "}", "[", "]", "//", "/*", "*/", "off", "on", "END", "_e{", "_sc|", "statsd.", "\u00e9", "\u2028", "\ufeff", "\U0001f600",
            "10ms", "24h", "65536", "::1", "127.0.0.1", "localhost", ":0", ":65535", "%lo",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
    ];

    private readonly List<byte[]> _corpus;
    private readonly HashSet<string> _outcomes = new(StringComparer.Ordinal);
    private readonly int _seed;
    private readonly Random _random;

    /// <param name="corpus">What to begin with.</param>
    /// <param name="seed">Decides all changes.</param>
    public Fuzzer(IEnumerable<byte[]> corpus, int seed)
    {
        _corpus = [.. corpus];
        _seed = seed;
        _random = new Random(seed);
    }

    /// <summary>The inputs of a file in the corpus.</summary>
    public static IReadOnlyList<byte[]> Read(string file, string separator)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Fuzzing", "Corpus", file);
        return [.. File.ReadAllText(path).TrimEnd('\n').Split(separator).Select(input => input.Utf8())];
    }

    /// <summary>Checks the corpus, and then a number of changed inputs.</summary>
    /// <param name="rounds">How many.</param>
    /// <param name="check">Throws if the property does not hold. Returns the outcome, in a form that few inputs share.</param>
    public void Run(int rounds, Func<byte[], string> check)
    {
        foreach (byte[] input in _corpus)
        {
            _outcomes.Add(Check(input, check));
        }

        for (int round = 0; round < rounds; round++)
        {
            byte[] input = _corpus[_random.Next(_corpus.Count)];
            for (int changes = 1 + _random.Next(4); changes > 0; changes--)
            {
                input = Change(input);
            }

            if (_outcomes.Add(Check(input, check)) && _corpus.Count < MaxKept)
            {
                _corpus.Add(input);
            }
        }
    }

    private string Check(byte[] input, Func<byte[], string> check)
    {
        try
        {
            return check(input);
        }
        catch (Exception exception)
        {
            byte[] shortest = Shorten(input, candidate => Throws(candidate, check, exception.GetType()));
            throw new InvalidOperationException($"Seed {_seed}, input {Literal(shortest)}: {exception}", exception);
        }
    }

    private static bool Throws(byte[] input, Func<byte[], string> check, Type type)
    {
        try
        {
            check(input);
            return false;
        }
        catch (Exception exception)
        {
            return exception.GetType() == type;
        }
    }

    private static byte[] Shorten(byte[] input, Predicate<byte[]> fails)
    {
        for (int length = input.Length / 2; length > 0; length /= 2)
        {
            for (int start = 0; start + length <= input.Length;)
            {
                byte[] candidate = [.. input[..start], .. input[(start + length)..]];
                if (fails(candidate))
                {
                    input = candidate;
                }
                else
                {
                    start += length;
                }
            }
        }

        return input;
    }

    private byte[] Change(byte[] input)
    {
        int position = _random.Next(input.Length + 1);
        int length = Math.Min(_random.Next(1, 1 + Math.Max(1, input.Length / 4)), input.Length - position);
        ReadOnlySpan<byte> before = input.AsSpan(0, position);
        ReadOnlySpan<byte> part = input.AsSpan(position, length);
        ReadOnlySpan<byte> after = input.AsSpan(position + length);
        byte[] changed = _random.Next(8) switch
        {
            0 => [.. before, .. after],
            1 => [.. before, .. part, .. part, .. after],
            2 => [.. before, .. Tokens[_random.Next(Tokens.Length)], .. part, .. after],
            3 => [.. before, .. Tokens[_random.Next(Tokens.Length)], .. after],
            4 => [.. before, .. PartOfAnother(), .. part, .. after],
            5 => [.. before, .. Repeated(part, 1 << _random.Next(11)), .. after],
            6 => [.. before, (byte)_random.Next(256), .. after],
            _ => [.. before, .. part, .. Digits(), .. after],
        };
        return changed.Length <= MaxLength ? changed : changed[..MaxLength];
    }

    private byte[] PartOfAnother()
    {
        byte[] other = _corpus[_random.Next(_corpus.Count)];
        int start = _random.Next(other.Length + 1);
        return other[start.._random.Next(start, other.Length + 1)];
    }

    private byte[] Digits()
    {
        long number = _random.NextInt64(-1L << _random.Next(63), 1L << _random.Next(63));
        return number.ToString(CultureInfo.InvariantCulture).Utf8();
    }

    private static byte[] Repeated(ReadOnlySpan<byte> part, int times)
    {
        byte[] all = new byte[Math.Min(part.Length * times, MaxLength)];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = part[i % part.Length];
        }

        return all;
    }

    private static string Literal(byte[] input)
    {
        StringBuilder text = new("\"");
        foreach (byte unit in input)
        {
            text.Append(
                unit is >= 0x20 and < 0x7f and not ((byte)'"' or (byte)'\\')
                    ? ((char)unit).ToString()
                    : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"));
        }

        return text.Append("\".Bytes()").ToString();
    }
}
