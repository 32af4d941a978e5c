using Vigil;

namespace SimulatedSample;

/// <summary>
/// One row of a database, cached by a loop. A notification that the row has changed makes it load the row again, on a worker, because a
/// query takes its time. It knows nothing of simulations.
/// </summary>
internal abstract class Cache
{
    private readonly EventManager _manager;
    private readonly Func<int> _query;

    /// <param name="manager">The loop that it belongs to.</param>
    /// <param name="query">Reads the row. It is called on workers.</param>
    protected Cache(EventManager manager, Func<int> query)
    {
        _manager = manager;
        _query = query;
    }

    /// <summary>The row as it is known. On the loop.</summary>
    public int Value { get; protected set; }

    /// <summary>The row has changed. On the loop.</summary>
    public abstract void OnRowChanged();

    /// <summary>Reads the row on a worker, and gives it back on the loop.</summary>
    protected void Load(Action<int> loaded) => _manager.ExecuteWork(WorkPriority.Normal, _query, (_, row) => loaded(row));
}

/// <summary>
/// The bug: it takes what comes back for the newest. Two queries may run at once, and the one that began first, and so may have read the
/// older row, may end last. Then the cache is stale until the next change, which may be days away.
/// </summary>
internal sealed class CacheWithBug(EventManager manager, Func<int> query) : Cache(manager, query)
{
    public override void OnRowChanged() => Load(row => Value = row);
}

/// <summary>The fix: one query at a time. A change that is notified while it runs is queried afterwards.</summary>
internal sealed class FixedCache(EventManager manager, Func<int> query) : Cache(manager, query)
{
    private bool _isLoading;
    private bool _hasChanged;

    public override void OnRowChanged()
    {
        _hasChanged = true;
        if (!_isLoading)
        {
            LoadAgain();
        }
    }

    private void LoadAgain()
    {
        _isLoading = true;
        _hasChanged = false;
        Load(row =>
        {
            Value = row;
            _isLoading = false;
            if (_hasChanged)
            {
                LoadAgain();
            }
        });
    }
}
