namespace Vigil.Testing;

/// <summary>The children of a world's process, those that ended and were not waited for included.</summary>
internal sealed class ChildTable(World world)
{
    // The system's ids are below (PID_MAX_LIMIT, proc_sys_kernel(5)).
    private const int FirstId = (1 << 22) + 1;

    private readonly List<SimulatedChild> _children = [];

    /// <summary>Those that run, or were not waited for.</summary>
    public IEnumerable<SimulatedChild> Left => _children.Where(child => !child.IsReaped);

    public SimulatedChild Start(string name)
    {
        SimulatedChild child = new(world, name, FirstId + _children.Count);
        _children.Add(child);
        return child;
    }

    /// <summary>Opens a child; null if there is none of that id, or none any more.</summary>
    /// <exception cref="IOException">The limit of open descriptors is reached.</exception>
    public VirtualProcess? Open(int processId)
    {
        int index = processId - FirstId;
        return index >= 0 && index < _children.Count && !_children[index].IsReaped ? new ChildHandle(world, _children[index]) : null;
    }
}
