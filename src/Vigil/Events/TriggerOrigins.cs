using System.Diagnostics;
using Vigil.Threading;

namespace Vigil;

/// <summary>
/// The activities in which a user event was triggered since its last callback. Made by the first trigger that somebody listens to.
/// </summary>
/// <remarks>
/// A trigger is recorded and merged, and a callback takes values and records, under one lock: so a callback is told of the triggers whose
/// values it gets. Only the first one of all, which makes this, may be named by the callback after.
/// </remarks>
internal sealed class TriggerOrigins
{
    // As many as OpenTelemetry's exporters keep by default, and one for the parent.
    private const int MaxCount = 129;

    private readonly Lock _lock = new();
    private List<ActivityContext>? _waiting;

    // What the next callback is told. The loop sets it before it sends the callback, which takes it: never both at once.
    private List<ActivityContext>? _taken;

    /// <summary>Records an activity, unless it is recorded, or too many are. The values are merged within the scope. Any thread.</summary>
    public Lock.Scope Record(ActivityContext origin)
    {
        Lock.Scope scope = Uninterrupted.Enter(_lock);
        List<ActivityContext> waiting = _waiting ??= [];
        if (waiting.Count < MaxCount && !waiting.Contains(origin))
        {
            waiting.Add(origin);
        }

        return scope;
    }

    /// <summary>Takes what was recorded, for the next callback. The values are taken within the scope. On the loop.</summary>
    public Lock.Scope Take()
    {
        Lock.Scope scope = Uninterrupted.Enter(_lock);
        _taken = _waiting;
        _waiting = null;
        return scope;
    }

    /// <summary>The activities for the callback that begins; null if there are none. Once.</summary>
    public IReadOnlyList<ActivityContext>? Hand()
    {
        List<ActivityContext>? taken = _taken;
        _taken = null;
        return taken;
    }
}
