using System.Text;

namespace Vigil;

/// <summary>
/// Which status is to be sent, and when: a changed one, at most one in an interval, the newest. Pure; under the notifier's lock. Times are
/// in nanoseconds.
/// </summary>
internal sealed class StatusLine
{
    /// <summary>How long a status may be, in bytes of UTF-8. What exceeds it is cut.</summary>
    public const int MaxBytes = 1024;

    /// <summary>The time between two status messages.</summary>
    public const long Interval = 1_000_000_000;

    private string? _sent;
    private string? _wanted;
    private long _nextAt = long.MinValue;

    /// <summary>When to send what is wanted; <see cref="long.MaxValue"/> if nothing is.</summary>
    public long DueAt => _wanted is null ? long.MaxValue : _nextAt;

    /// <summary>A new text, as it is sent.</summary>
    public void Want(string line) => _wanted = string.Equals(line, _sent, StringComparison.Ordinal) ? null : line;

    /// <summary>The text to send now; null if none is, or not yet. One that the socket does not take waits for the next interval.</summary>
    public string? Take(long now)
    {
        if (_wanted is null || now < _nextAt)
        {
            return null;
        }

        _nextAt = now + Interval;
        return _wanted;
    }

    /// <summary>The text that is still wanted at the end, whatever the time; null if none is.</summary>
    public string? TakeLast() => _wanted;

    /// <summary>A text was sent, also as part of another message.</summary>
    public void OnSent(string line, long now)
    {
        _sent = line;
        _nextAt = now + Interval;
        if (string.Equals(line, _wanted, StringComparison.Ordinal))
        {
            _wanted = null;
        }
    }

    /// <summary>A text goes with a message that waits: an older one must not follow it.</summary>
    public void Supersede() => _wanted = null;

    /// <summary>One line of a text, without control characters, which would begin other assignments, and of limited length.</summary>
    public static string LineOf(string text)
    {
        string line = string.Create(text.Length, text, static (characters, text) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                characters[i] = char.IsControl(text[i]) || text[i] is '\u2028' or '\u2029' ? ' ' : text[i];
            }
        });

        int bytes = 0;
        int end = 0;
        foreach (Rune rune in line.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxBytes)
            {
                return line[..end];
            }

            // A lone surrogate is replaced, and takes one place here.
            end += rune == Rune.ReplacementChar ? 1 : rune.Utf16SequenceLength;
        }

        return line;
    }
}
