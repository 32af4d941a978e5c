namespace Vigil.Benchmarks.Workloads;

/// <summary>An operation is the life of a manager: created, and disposed without having run.</summary>
internal sealed class StartupWorkload : IWorkload
{
    public void Perform(int operations)
    {
        for (int i = 0; i < operations; i++)
        {
            new EventManager().Dispose();
        }
    }

    public void Dispose()
    {
        // Every operation cleans up after itself.
    }
}
