namespace Vigil;

/// <summary>
/// How often each owner was over budget, and when that was last reported. It remembers a limited number of owners. The one whose last
/// overrun is the oldest is forgotten first, so that thousands of owners, each slow once, do not fill memory.
/// </summary>
internal sealed class OwnerLog
{
    public const int Capacity = 128;

    private readonly Dictionary<object, Entry> _byOwner = [];
    private readonly LinkedList<object> _byTime = [];

    /// <param name="interval">For how many nanoseconds after a report an owner is not reported again.</param>
    public OwnerLog(long interval) => Interval = interval;

    /// <summary>For how many nanoseconds after a report an owner is not reported again.</summary>
    public long Interval { get; set; }

    /// <summary>Notes that an owner is over its budget.</summary>
    /// <param name="owner">An object that compares equal for the same owner.</param>
    /// <param name="now">The time in nanoseconds.</param>
    public OwnerHistory Note(object owner, long now)
    {
        if (!_byOwner.TryGetValue(owner, out Entry? entry))
        {
            Forget();
            entry = new Entry(_byTime.AddLast(owner));
            _byOwner.Add(owner, entry);
        }
        else
        {
            _byTime.Remove(entry.Place);
            _byTime.AddLast(entry.Place);
        }

        long before = entry.Count++;
        if (before > 0 && now - entry.ReportedAt < Interval)
        {
            entry.Suppressed++;
            return new OwnerHistory(before, IsReported: false, entry.Suppressed);
        }

        var history = new OwnerHistory(before, IsReported: true, entry.Suppressed);
        entry.ReportedAt = now;
        entry.Suppressed = 0;
        return history;
    }

    /// <summary>Checks whether an overrun that came too soon to be reported, and continues, is now to be reported.</summary>
    public OwnerHistory Review(object owner, OwnerHistory history, long now)
    {
        if (history.IsReported || !_byOwner.TryGetValue(owner, out Entry? entry) || now - entry.ReportedAt < Interval)
        {
            return history;
        }

        var reported = new OwnerHistory(history.Before, IsReported: true, entry.Suppressed - 1);
        entry.ReportedAt = now;
        entry.Suppressed = 0;
        return reported;
    }

    private void Forget()
    {
        if (_byOwner.Count == Capacity)
        {
            _byOwner.Remove(_byTime.First!.Value);
            _byTime.RemoveFirst();
        }
    }

    private sealed class Entry(LinkedListNode<object> place)
    {
        public LinkedListNode<object> Place { get; } = place;

        public long Count { get; set; }

        public long Suppressed { get; set; }

        public long ReportedAt { get; set; }
    }
}
