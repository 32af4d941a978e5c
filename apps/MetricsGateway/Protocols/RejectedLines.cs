using System.Globalization;

namespace MetricsGateway.Protocols;

/// <summary>
/// Examples of lines that were rejected, for whoever wants to know which they are and who sends them: the latest few, and no more than some
/// a minute, so that a flood of bad lines costs no more than a look at a clock each.
/// </summary>
/// <param name="time">Tells the minutes, and when each came.</param>
internal sealed class RejectedLines(TimeProvider time)
{
    /// <summary>How many are taken in a minute.</summary>
    public const int PerMinute = 10;

    /// <summary>How many are kept.</summary>
    public const int Kept = 50;

    /// <summary>How many bytes of each.</summary>
    public const int LongestExample = 200;

    private readonly Queue<string> _examples = new();
    private long _minute;
    private int _takenInMinute = -1;

    /// <summary>The oldest first; each a line of text that is safe to show.</summary>
    public IReadOnlyCollection<string> Latest => _examples;

    /// <summary>Takes an example, if there is room for one in this minute.</summary>
    /// <param name="protocol">How it came.</param>
    /// <param name="describeSender">Says who sent it; null if that is not known.</param>
    /// <param name="reason">Why it was rejected.</param>
    /// <param name="line">The line, or as much of it as there is.</param>
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
