using System.Diagnostics.CodeAnalysis;

namespace Vigil.Testing;

/// <summary>
/// The started timers of a clock, the earliest first; those of one due time in the order in which they were started. A binary heap in which
/// each timer knows its place, so that one is moved or removed without a trace: loops set theirs anew before every wait.
/// </summary>
internal sealed class TimerHeap
{
    private readonly List<VirtualTimer> _timers = [];

    public int Count => _timers.Count;

    public IReadOnlyList<VirtualTimer> Timers => _timers;

    public bool TryPeek([NotNullWhen(true)] out VirtualTimer? first)
    {
        first = _timers.Count > 0 ? _timers[0] : null;
        return first is not null;
    }

    public void Add(VirtualTimer timer)
    {
        timer.Place = _timers.Count;
        _timers.Add(timer);
        Raise(timer);
    }

    public void Remove(VirtualTimer timer)
    {
        int place = timer.Place;
        VirtualTimer last = _timers[^1];
        _timers.RemoveAt(_timers.Count - 1);
        timer.Place = -1;
        if (last != timer)
        {
            Put(last, place);
            Raise(last);
            Sink(last);
        }
    }

    private static bool IsBefore(VirtualTimer left, VirtualTimer right) =>
        left.Due != right.Due ? left.Due < right.Due : left.Sequence < right.Sequence;

    private void Raise(VirtualTimer timer)
    {
        while (timer.Place > 0)
        {
            VirtualTimer parent = _timers[(timer.Place - 1) / 2];
            if (!IsBefore(timer, parent))
            {
                return;
            }

            Swap(timer, parent);
        }
    }

    private void Sink(VirtualTimer timer)
    {
        while ((2 * timer.Place) + 1 is var left && left < _timers.Count)
        {
            VirtualTimer child = _timers[left];
            if (left + 1 < _timers.Count && IsBefore(_timers[left + 1], child))
            {
                child = _timers[left + 1];
            }

            if (!IsBefore(child, timer))
            {
                return;
            }

            Swap(timer, child);
        }
    }

    private void Swap(VirtualTimer one, VirtualTimer other)
    {
        int place = one.Place;
        Put(one, other.Place);
        Put(other, place);
    }

    private void Put(VirtualTimer timer, int place)
    {
        timer.Place = place;
        _timers[place] = timer;
    }
}
