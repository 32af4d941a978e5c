using Vigil.Benchmarks.Reporting;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Ratio;

/// <summary>One row: what Vigil does, and what the C driver does that is the same.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Unit">In what it is told.</param>
/// <param name="Operations">How many make a round on either side.</param>
/// <param name="CreateWorkload">Vigil's side.</param>
/// <param name="NativeCommand">The C driver's arguments for a number of operations; null where it has no counterpart.</param>
/// <param name="Budget">What Vigil may take.</param>
internal sealed record RatioCase(
    string Name,
    TimeUnit Unit,
    int Operations,
    Func<IWorkload> CreateWorkload,
    Func<int, string>? NativeCommand,
    Budget Budget)
{
    /// <summary>How many alternating rounds; more for what wakes another core, which falls into one of several patterns.</summary>
    public int Rounds { get; init; } = 5;
}

/// <summary>What came of a case. Times are nanoseconds an operation.</summary>
/// <param name="Case">Which.</param>
/// <param name="Native">The C driver, round by round; null where it was not measured.</param>
/// <param name="Vigil">Vigil, round by round.</param>
/// <param name="Ratios">Vigil to C within each round; null where C was not measured.</param>
/// <param name="AllocatedBytes">Managed bytes an operation, on all threads.</param>
internal sealed record RatioResult(RatioCase Case, Series? Native, Series Vigil, Series? Ratios, Series AllocatedBytes);
