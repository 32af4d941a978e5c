namespace Vigil;

/// <summary>
/// The order in which sources that are ready in the same iteration are served. It does not starve:
/// every ready source of the iteration is served before the next wait.
/// </summary>
public enum DispatchPriority : byte
{
    /// <summary>Served in the order in which the kernel reports them, after <see cref="High"/>.</summary>
    Normal = 0,

    /// <summary>Served first.</summary>
    High = 1,

    /// <summary>Served last.</summary>
    Low = 2,
}
