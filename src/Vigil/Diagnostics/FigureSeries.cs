using Vigil.Threading;

namespace Vigil.Diagnostics;

/// <summary>Adds the figures of a source to sums, one for each.</summary>
internal delegate void FigureReader(object source, long[] sums);

/// <summary>The figures of one name, summed.</summary>
internal readonly record struct NamedFigures(string Name, long[] Sums);

/// <summary>
/// The counts of loops or pools, by name: those of one name are one series. Counters of a series never go back: the counts of a source
/// stay in the sum when it is gone, and are there when another source of that name comes. Any thread.
/// </summary>
/// <remarks>
/// A source is not kept alive. If one is collected without having been removed, its last reading stays.
/// A series without a source is not shown. The counts of the last <see cref="MostNamesKept"/> such names are kept, so that names that are
/// used once cost a bounded amount of memory.
/// </remarks>
internal sealed class FigureSeries
{
    public const int MostNamesKept = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Series> _byName = new(StringComparer.Ordinal);
    private readonly LinkedList<Series> _empty = new();
    private readonly int _levels;
    private readonly int _figures;
    private readonly FigureReader _read;

    /// <param name="levels">How many of the first figures are levels, which vanish with their source.</param>
    /// <param name="counters">How many counters follow them.</param>
    /// <param name="read">Reads a source. Must neither throw nor keep the source alive.</param>
    public FigureSeries(int levels, int counters, FigureReader read)
    {
        _levels = levels;
        _figures = levels + counters;
        _read = read;
    }

    public void Add(object source, string name)
    {
        using (Uninterrupted.Enter(_gate))
        {
            if (!_byName.TryGetValue(name, out Series? series))
            {
                series = new Series(name, new long[_figures]);
                _byName.Add(name, series);
            }
            else if (series.IsEmpty)
            {
                _empty.Remove(series.Place);
            }

            series.Live.Add(new LiveSource(source, new long[_figures]));
        }
    }

    public void Remove(object source, string name)
    {
        using (Uninterrupted.Enter(_gate))
        {
            if (_byName.TryGetValue(name, out Series? series))
            {
                Drop(series, live => live.Is(source) && TryRead(live));
            }
        }
    }

    /// <summary>The current figures of every series that has a source.</summary>
    public NamedFigures[] Read()
    {
        using (Uninterrupted.Enter(_gate))
        {
            foreach (Series series in _byName.Values.ToArray())
            {
                Drop(series, live => !TryRead(live));
            }

            return [.. _byName.Values.Where(series => !series.IsEmpty).Select(series => new NamedFigures(series.Name, series.Sum()))];
        }
    }

    // False if the source was collected.
    private bool TryRead(LiveSource live)
    {
        if (live.Target is not { } source)
        {
            return false;
        }

        Array.Clear(live.Last);
        _read(source, live.Last);
        return true;
    }

    private void Drop(Series series, Predicate<LiveSource> isGone)
    {
        if (series.IsEmpty)
        {
            return;
        }

        for (int i = series.Live.Count - 1; i >= 0; i--)
        {
            LiveSource live = series.Live[i];
            if (isGone(live))
            {
                series.Live.RemoveAt(i);
                for (int figure = _levels; figure < _figures; figure++)
                {
                    series.Gone[figure] += live.Last[figure];
                }
            }
        }

        if (series.IsEmpty)
        {
            _empty.AddLast(series.Place);
            ForgetOldest();
        }
    }

    private void ForgetOldest()
    {
        if (_empty.Count > MostNamesKept)
        {
            _byName.Remove(_empty.First!.Value.Name);
            _empty.RemoveFirst();
        }
    }

    private sealed class LiveSource
    {
        private readonly WeakReference<object> _source;

        public LiveSource(object source, long[] last)
        {
            _source = new WeakReference<object>(source);
            Last = last;
        }

        /// <summary>The last reading.</summary>
        public long[] Last { get; }

        public object? Target => _source.TryGetTarget(out object? source) ? source : null;

        public bool Is(object source) => ReferenceEquals(Target, source);
    }

    private sealed class Series
    {
        public Series(string name, long[] gone)
        {
            Name = name;
            Gone = gone;
            Place = new LinkedListNode<Series>(this);
        }

        public string Name { get; }

        /// <summary>The counts of sources that are gone.</summary>
        public long[] Gone { get; }

        public List<LiveSource> Live { get; } = [];

        public bool IsEmpty => Live.Count == 0;

        /// <summary>Its node in the list of empty series, if it is empty.</summary>
        public LinkedListNode<Series> Place { get; }

        public long[] Sum()
        {
            long[] sums = (long[])Gone.Clone();
            foreach (LiveSource live in Live)
            {
                for (int i = 0; i < sums.Length; i++)
                {
                    sums[i] += live.Last[i];
                }
            }

            return sums;
        }
    }
}
