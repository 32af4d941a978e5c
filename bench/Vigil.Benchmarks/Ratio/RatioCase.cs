using Vigil.Benchmarks.Reporting;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Ratio;

/// <summary>One row: Vigil's work, and the same work of the C driver.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Unit">Its time unit in the table.</param>
/// <param name="Operations">The number of operations per round on either side.</param>
/// <param name="CreateWorkload">Vigil's side.</param>
/// <param name="NativeCommand">The C driver's arguments for a number of operations; null if it has no counterpart.</param>
/// <param name="Budget">Vigil's budget.</param>
internal sealed record RatioCase(
    string Name,
    TimeUnit Unit,
    int Operations,
    Func<IWorkload> CreateWorkload,
    Func<int, string>? NativeCommand,
    Budget Budget)
{
    /// <summary>The number of alternating rounds; more for work that wakes another core, whose times fall into several patterns.</summary>
    public int Rounds { get; init; } = 5;
}

/// <summary>The result of a case. Times are nanoseconds per operation.</summary>
/// <param name="Case">The case.</param>
/// <param name="Native">The C driver, round by round; null if it was not measured.</param>
/// <param name="Vigil">Vigil, round by round.</param>
/// <param name="Ratios">Vigil to C within each round; null if C was not measured.</param>
/// <param name="AllocatedBytes">Managed bytes per operation, on all threads.</param>
internal sealed record RatioResult(RatioCase Case, Series? Native, Series Vigil, Series? Ratios, Series AllocatedBytes);
