using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Vigil.Recording;

/// <summary>Records as text, a line each.</summary>
internal static class RecordText
{
    private const int LongestText = 60;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>All records of a file, each with the number of its iteration.</summary>
    public static IEnumerable<string> LinesOf(RecordReader reader)
    {
        string start = DateTimeOffset.UnixEpoch.AddTicks(reader.Header.WallClock / 100)
            .ToString("yyyy-MM-dd HH:mm:ss.fffffff", CultureInfo.InvariantCulture);
        yield return $"recorded from {start} UTC, {(reader.Header.HasTraffic ? "with" : "without")} traffic";
        long iteration = 0;
        using (reader)
        {
            while (reader.Next() is { } record)
            {
                iteration += record.Kind == RecordKind.Iteration ? 1 : 0;
                yield return string.Create(Invariant, $"{iteration,8}  {Of(record)}");
            }

            if (reader.IsCut)
            {
                yield return "the file ends within a chunk, which is lost";
            }
        }
    }

    /// <summary>A record. Names and messages are others' text: a control character would do something to a terminal.</summary>
    public static string Of(RecordEntry record)
    {
        string text = RawOf(record);
        return text.Any(char.IsControl)
            ? string.Concat(text.Select(c => char.IsControl(c) ? $"\\u{((int)c).ToString("x4", Invariant)}" : c.ToString()))
            : text;
    }

    private static string RawOf(RecordEntry record) => record.Kind switch
    {
        RecordKind.Gap when record.Missing > 0 => string.Create(Invariant, $"a gap: {record.Missing} chunks of records are missing"),
        RecordKind.Gap => string.Create(Invariant, $"a gap: {record.Value} bytes of records were lost"),
        RecordKind.Wait => OfWait(record),
        RecordKind.Clock => string.Create(Invariant, $"the clock {(RecordedClock)record.Number} reads {record.Value}"),
        RecordKind.ClockStep => $"the clock {(TimerClock)record.Number} was {(record.Value == 1 ? "set" : "not set")}",
        RecordKind.Registration => Of(record.Call, record.Number, record.Token, record.Events) + Failure(record.Errno),
        RecordKind.Opened when record.Number < 0 => $"{record.Text} is not opened",
        RecordKind.Opened => string.Create(Invariant, $"fd {record.Number} is {record.Text}"),
        RecordKind.Read => Transfer("read from", record),
        RecordKind.Write => Transfer("written to", record),
        RecordKind.Accept => OfAccept(record),
        RecordKind.ShutdownWrite => string.Create(Invariant, $"fd {record.Number} sends no more") + Failure(record.Errno),
        RecordKind.Iteration => record.Value == 1 ? "an iteration that does not sleep" : "an iteration",
        RecordKind.Message => "a message from the mailbox",
        RecordKind.Input => string.Create(Invariant, $"the input {record.Text}: {OfBytes(record.Bytes)}"),
        RecordKind.RunEnd => "the end of a run",
        RecordKind.Bytes => $"bytes of a record that is missing: {OfBytes(record.Bytes)}",
        RecordKind.Answer => OfAnswer(record),
        RecordKind.Datagrams => OfDatagrams(record),
        RecordKind.Sequence => string.Create(Invariant, $"the message is no. {record.Value} of the workers"),
        _ => record.Kind.ToString(),
    };

    /// <summary>A question, as what the program does.</summary>
    public static string Of(RecordedQuestion question) => $"asks for {question}";

    /// <summary>A question about something, as what the program does.</summary>
    public static string Of(RecordedQuestion question, ReadOnlySpan<byte> subject) =>
        subject.IsEmpty ? Of(question) : $"{Of(question)} of {OfBytes(question, subject)}";

    public static string Of(RegistrationCall call, int fd, SourceToken token, EventSet interest) => call switch
    {
        RegistrationCall.Add => string.Create(Invariant, $"registers fd {fd} for {interest} as {Name(token)}"),
        RegistrationCall.Modify => string.Create(Invariant, $"changes fd {fd} to {interest} as {Name(token)}"),
        RegistrationCall.Remove => string.Create(Invariant, $"removes fd {fd}"),
        RegistrationCall.BeginRebuild => "begins to rebuild the poller",
        RegistrationCall.Transfer => string.Create(Invariant, $"moves fd {fd} to the new poller"),
        RegistrationCall.EndRebuild => "has rebuilt the poller",
        _ => "gives up rebuilding the poller",
    };

    /// <summary>The beginning of some bytes: text as text, everything else in hexadecimal.</summary>
    public static string OfBytes(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> part = bytes[..Math.Min(bytes.Length, LongestText)];
        string more = part.Length < bytes.Length ? "…" : "";
        bool isText = !part.ContainsAnyExceptInRange((byte)9, (byte)126) && !part.ContainsAnyInRange((byte)14, (byte)31);
        if (!isText)
        {
            return Convert.ToHexStringLower(part) + more;
        }

        StringBuilder text = new StringBuilder(Encoding.ASCII.GetString(part))
            .Replace("\\", "\\\\").Replace("\n", "\\n").Replace("\r", "\\r").Replace("\t", "\\t").Replace("\"", "\\\"");
        return $"\"{text}\"{more}";
    }

    private static string OfWait(RecordEntry record)
    {
        string ready = string.Join(", ", record.Ready.Select(entry => string.Create(Invariant, $"{Name(entry.Token)} {entry.Events}")));
        return (ready.Length > 0 ? $"a wait reports {ready}" : "a wait reports nothing") + Failure(record.Errno);
    }

    private static string OfAccept(RecordEntry record)
    {
        string peer = record.Text.Length > 0 ? record.Text : "a peer without address";
        return record.Value >= 0
            ? string.Create(Invariant, $"fd {record.Number} accepts fd {record.Value} from {peer}")
            : string.Create(Invariant, $"fd {record.Number} accepts nothing") + Failure(record.Errno);
    }

    private static string OfDatagrams(RecordEntry record) => record.Errno != 0
        ? string.Create(Invariant, $"no datagram taken from fd {record.Number}") + Failure(record.Errno)
        : string.Create(Invariant, $"{record.Value} datagrams taken from fd {record.Number}")
            + string.Concat(record.Datagrams.Select(
                datagram => $"; {OfBytes(datagram.Bytes)}{(datagram.IsTruncated ? ", truncated" : "")}"));

    private static string OfAnswer(RecordEntry record)
    {
        string bytes = record.Bytes.Length > 0 ? $", {OfBytes(record.Question, record.Bytes)}" : "";
        if (record.Question == RecordedQuestion.DescriptorOpen)
        {
            return $"the reason: {OpenFailure.Message(record.Bytes)}";
        }

        return record.Failure == EventManagerError.None
            ? string.Create(Invariant, $"{record.Question}: {record.Number}{bytes}") + Failure(record.Errno)
            : string.Create(Invariant, $"{record.Question} failed, {record.Failure}: {Encoding.UTF8.GetString(record.Bytes)}");
    }

    // The bytes of a question or an answer: paths as a whole, and records of inotify(7) one by one.
    private static string OfBytes(RecordedQuestion question, ReadOnlySpan<byte> bytes) => question switch
    {
        RecordedQuestion.FileOpenDirectory or RecordedQuestion.FileOpenPath or RecordedQuestion.FileIsDirectory
            or RecordedQuestion.FileLinks or RecordedQuestion.FileWriters or RecordedQuestion.FileRealPath
            or RecordedQuestion.FileIsDirectoryAt or RecordedQuestion.FileEntry => Encoding.UTF8.GetString(bytes),
        RecordedQuestion.FileRead => OfFileRecords(bytes),
        _ => OfBytes(bytes),
    };

    // struct inotify_event: watch, mask, cookie, length of the name, the name padded with zeros.
    private static string OfFileRecords(ReadOnlySpan<byte> bytes)
    {
        const int HeaderSize = 16;
        var text = new StringBuilder();
        while (bytes.Length >= HeaderSize)
        {
            int length = Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]), 0, bytes.Length - HeaderSize);
            int watch = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            string mask = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]).ToString("x", Invariant);
            text.Append(text.Length == 0 ? "" : "; ").Append(Invariant, $"watch {watch} 0x{mask}");
            string name = Encoding.UTF8.GetString(bytes.Slice(HeaderSize, length).TrimEnd((byte)0));
            text.Append(name.Length == 0 ? "" : $" {name}");
            bytes = bytes[(HeaderSize + length)..];
        }

        return text.ToString();
    }

    private static string Transfer(string what, RecordEntry record) => record.Errno != 0
        ? string.Create(Invariant, $"nothing {what} fd {record.Number}") + Failure(record.Errno)
        : string.Create(Invariant, $"{record.Value} bytes {what} fd {record.Number}")
            + (record.Bytes.Length > 0 ? $": {OfBytes(record.Bytes)}" : "");

    private static string Name(SourceToken token) => string.Create(Invariant, $"#{token.Slot}.{token.Generation}");

    private static string Failure(int errno) => errno == 0 ? "" : $": {Interop.Errno.Describe(errno)}";
}
