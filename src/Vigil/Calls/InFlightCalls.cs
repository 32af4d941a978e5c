using Vigil.Threading;

namespace Vigil;

/// <summary>
/// Calls whose closures have returned a task that is unfinished. Their senders must not hang when the manager is disposed, since such a
/// task may never complete without a loop. Any thread.
/// </summary>
internal sealed class InFlightCalls
{
    private readonly HashSet<PendingCall> _calls = [];
    private readonly Lock _lock = new();

    public int Count
    {
        get
        {
            using (Uninterrupted.Enter(_lock))
            {
                return _calls.Count;
            }
        }
    }

    public void Add(PendingCall call)
    {
        using (Uninterrupted.Enter(_lock))
        {
            _calls.Add(call);
        }
    }

    public void Remove(PendingCall call)
    {
        using (Uninterrupted.Enter(_lock))
        {
            _calls.Remove(call);
        }
    }

    public void FailAll(EventManager manager)
    {
        PendingCall[] calls;
        using (Uninterrupted.Enter(_lock))
        {
            calls = [.. _calls];
            _calls.Clear();
        }

        foreach (PendingCall call in calls)
        {
            call.Fail(new ObjectDisposedException(
                manager.Name, "The event manager was disposed while this call was waiting for its own task."));
        }
    }
}
