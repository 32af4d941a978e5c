namespace Vigil.Benchmarks.Workloads;

/// <summary>Something that Vigil does many times. Set up once and performed again and again, as a server would be.</summary>
internal interface IWorkload : IDisposable
{
    /// <summary>Performs that many operations and returns when the last one is done.</summary>
    void Perform(int operations);
}
