using System.Globalization;

namespace MetricsGateway.Protocols;

/// <summary>
/// Examples of rejected lines, for an operator who wants to know what they are and who sends them: the latest ones, and only a few per
/// minute, so that a flood of bad lines costs no more than one reading of a clock each.
/// </summary>
/// <param name="time">The clock for the minutes and for the time of each example.</param>
internal sealed class RejectedLines(TimeProvider time)
{
    /// <summary>How many are taken per minute.</summary>
    public const int PerMinute = 10;

    /// <summary>How many are kept.</summary>
    public const int Kept = 50;

    /// <summary>How many bytes of each.</summary>
    public const int LongestExample = 200;

    private readonly Queue<string> _examples = new();
    private long _minute;
    private int _takenInMinute = -1;

    /// <summary>The examples, the oldest first; each is a line of text that is safe to show.</summary>
    public IReadOnlyCollection<string> Latest => _examples;

    /// <summary>Takes an example, unless this minute has enough.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="describeSender">Describes the sender; null if it is not known.</param>
    /// <param name="reason">Why the line was rejected.</param>
    /// <param name="line">The line, or its known part.</param>
    public void Add(string protocol, Func<string>? describeSender, RejectionReason reason, ReadOnlySpan<byte> line)
    {
        long now = time.GetTimestamp();
        if (_takenInMinute < 0 || time.GetElapsedTime(_minute, now) >= TimeSpan.FromMinutes(1))
        {
            _minute = now;
            _takenInMinute = 0;
        }

        if (_takenInMinute == PerMinute)
        {
            return;
        }

        _takenInMinute++;
        if (_examples.Count == Kept)
        {
            _examples.Dequeue();
        }

        bool isCut = line.Length > LongestExample;
        string text = VisibleText.Of(isCut ? line[..LongestExample] : line);
        string sender = describeSender?.Invoke() ?? PeerText.Unknown;
        _examples.Enqueue(string.Create(
            CultureInfo.InvariantCulture,
            $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ} {protocol} {sender} {Rejections.NameOf(reason)}: "
                + $"{text}{(isCut ? "…" : string.Empty)}"));
    }
}
