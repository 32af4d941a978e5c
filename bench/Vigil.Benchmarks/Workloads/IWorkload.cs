namespace Vigil.Benchmarks.Workloads;

/// <summary>An operation that Vigil performs many times. Set up once and performed again and again, as in a server.</summary>
internal interface IWorkload : IDisposable
{
    /// <summary>Performs that many operations and returns when the last one is done.</summary>
    void Perform(int operations);
}
