using System.Diagnostics;
using Vigil.Benchmarks.Workloads;

namespace Compare.Managed;

/// <summary>Something that a .NET peer does many times. Set up once and performed again and again.</summary>
internal abstract class Measurement : IDisposable
{
    /// <summary>What is said at first, such as a server's port; null where nothing is.</summary>
    public virtual double? FirstFigure => null;

    /// <returns>The figures; where an operation takes time, its nanoseconds are the first one.</returns>
    public abstract double[] Perform(int operations);

    public abstract void Dispose();
}

/// <summary>The time that a workload takes for an operation.</summary>
/// <param name="workload">Which.</param>
/// <param name="multiple">What it can do is a multiple of this: all that is ready, for instance.</param>
internal sealed class Timed(IWorkload workload, int multiple = 1) : Measurement
{
    public override double[] Perform(int operations)
    {
        operations = (operations + multiple - 1) / multiple * multiple;
        long start = Stopwatch.GetTimestamp();
        workload.Perform(operations);
        return [Stopwatch.GetElapsedTime(start).TotalNanoseconds / operations];
    }

    public override void Dispose() => workload.Dispose();
}

/// <summary>Figures that somebody else takes.</summary>
internal sealed class Taken(Func<int, double[]> measure, IDisposable? workload = null) : Measurement
{
    public Taken(Func<int, double> measure, IDisposable? workload = null)
        : this(operations => [measure(operations)], workload)
    {
    }

    public override double[] Perform(int operations) => measure(operations);

    public override void Dispose() => workload?.Dispose();
}

/// <summary>Something that goes on by itself until the process ends.</summary>
/// <param name="firstFigure">What is said at first.</param>
internal sealed class Serving(double firstFigure) : Measurement
{
    public override double? FirstFigure => firstFigure;

    public override double[] Perform(int operations) => throw new InvalidOperationException("A server takes no turns.");

    public override void Dispose()
    {
        // The end of the process ends it.
    }
}
