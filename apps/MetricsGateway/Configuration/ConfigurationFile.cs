using System.Text;
using System.Text.Json;
using MetricsGateway.Interop;
using Microsoft.Win32.SafeHandles;

namespace MetricsGateway.Configuration;

/// <summary>Reads options from a JSON object whose keys are the options' names. Comments and trailing commas are allowed.</summary>
internal static class ConfigurationFile
{
    /// <summary>The size limit of a file, in bytes. All options together, each with a long comment, need a hundredth of it.</summary>
    public const int MaxLength = 1 << 20;

    private static readonly JsonReaderOptions ReaderOptions = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Reads the whole file, which must be a regular one: a pipe or a device may have no end, or never begin.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read, or is not a regular file.</exception>
    public static byte[] Read(string path)
    {
        try
        {
            using SafeFileHandle file = FileNative.OpenForReading(path);
            if (FileNative.Identify(file) is { IsRegular: false })
            {
                throw new IOException($"{path}: it is no regular file");
            }

            // One byte more than the limit: the size that the file reports is not trusted, only the bytes that are read.
            byte[] bytes = new byte[Math.Min(RandomAccess.GetLength(file), MaxLength) + 1];
            int length = 0;
            for (int count = -1; count != 0 && length <= MaxLength;)
            {
                bytes = length == bytes.Length ? Grow(bytes) : bytes;
                count = RandomAccess.Read(file, bytes.AsSpan(length), length);
                length += count;
            }

            return length <= MaxLength ? bytes[..length] : throw new IOException($"{path}: it is larger than {MaxLength} bytes");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException
            or NotSupportedException)
        {
            throw new ConfigurationException($"cannot read the configuration file: {exception.Message}", exception);
        }
    }

    /// <exception cref="ConfigurationException">Part of the text cannot be used; the message names file and line.</exception>
    public static GatewayOptions Apply(ReadOnlySpan<byte> json, string fileName, GatewayOptions options)
    {
        if (json.StartsWith(Encoding.UTF8.Preamble))
        {
            json = json[Encoding.UTF8.Preamble.Length..];
        }

        Utf8JsonReader reader = new(json, ReaderOptions);
        try
        {
            return ReadObject(ref reader, options);
        }
        catch (JsonException exception)
        {
            string what = exception.Message.Split(" LineNumber:", 2)[0];
            throw new ConfigurationException($"{fileName}:{exception.LineNumber + 1}: this is not JSON: {what}", exception);
        }
        catch (ConfigurationException exception)
        {
            // A value is refused right after its token was read, so the current line is the right one.
            int line = 1 + json[..(int)reader.TokenStartIndex].Count((byte)'\n');
            throw new ConfigurationException($"{fileName}:{line}: {exception.Message}", exception);
        }
    }

    private static byte[] Grow(byte[] bytes)
    {
        Array.Resize(ref bytes, (int)Math.Min(2L * bytes.Length, MaxLength + 1));
        return bytes;
    }

    private static GatewayOptions ReadObject(ref Utf8JsonReader reader, GatewayOptions options)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new ConfigurationException("the file must hold one JSON object, such as { \"graphite\": \"off\" }");
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = ReadText(ref reader);
            Option option = OptionTable.Find(name)
                ?? throw new ConfigurationException(
                    $"unknown key '{name}'{NearestName.Hint(name, OptionTable.All.Select(candidate => candidate.Name))}");
            if (!seen.Add(name))
            {
                throw new ConfigurationException($"'{name}' is given twice");
            }

            reader.Read();
            ReadValue(ref reader, option, ref options);
        }

        reader.Read();
        return options;
    }

    private static void ReadValue(ref Utf8JsonReader reader, Option option, ref GatewayOptions options)
    {
        string text = reader.TokenType switch
        {
            JsonTokenType.String => ReadText(ref reader),
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "an array",
            _ => Encoding.UTF8.GetString(reader.ValueSpan),
        };
        if (reader.TokenType != option.JsonType || !option.TryApply(text, ref options))
        {
            string shown = reader.TokenType == JsonTokenType.String ? $"\"{text}\"" : text;
            throw new ConfigurationException($"'{option.Name}' must be {option.Allowed}, not {shown}");
        }
    }

    private static string ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            // The reader checks structure only; broken UTF-8 and unpaired surrogates are found here.
            throw new ConfigurationException("this text is not valid Unicode", exception);
        }
    }
}
