using System.Runtime;

namespace Exploration;

/// <summary>A time in which the garbage collector does not run, so that addresses mean something.</summary>
internal sealed class StillHeap : IDisposable
{
    private readonly long _size;
    private long _allocatedBefore;

    public StillHeap(long size)
    {
        _size = size;
        Begin();
    }

    /// <summary>Between two executions: lets the collector run, if that much was allocated.</summary>
    public void RenewAfter(long bytes)
    {
        if (GC.GetTotalAllocatedBytes() - _allocatedBefore > bytes)
        {
            Interrupt(() => { });
        }
    }

    /// <summary>Lets the collector run while an action does.</summary>
    public void Interrupt(Action action)
    {
        End();
        action();
        Begin();
    }

    public void Dispose() => End();

    private void Begin()
    {
        if (!GC.TryStartNoGCRegion(_size))
        {
            throw new InvalidOperationException($"There is no memory of {_size} bytes to explore in.");
        }

        _allocatedBefore = GC.GetTotalAllocatedBytes();
    }

    private static void End()
    {
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
        {
            GC.EndNoGCRegion();
        }
        else
        {
            throw new InvalidOperationException("The garbage collector has run during an exploration.");
        }
    }
}
