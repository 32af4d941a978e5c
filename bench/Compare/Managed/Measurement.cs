using System.Diagnostics;
using Vigil.Benchmarks.Workloads;

namespace Compare.Managed;

/// <summary>An operation that a .NET peer performs many times. Set up once and performed again and again.</summary>
internal abstract class Measurement : IDisposable
{
    /// <summary>The first output, such as a server's port; null if there is none.</summary>
    public virtual double? FirstFigure => null;

    /// <returns>The figures; if an operation takes time, its nanoseconds come first.</returns>
    public abstract double[] Perform(int operations);

    public abstract void Dispose();
}

/// <summary>The time per operation of a workload.</summary>
/// <param name="workload">The workload.</param>
/// <param name="multiple">The number of operations must be a multiple of this, for instance of the ready descriptors.</param>
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

/// <summary>Figures from a function.</summary>
internal sealed class Taken(Func<int, double[]> measure, IDisposable? workload = null) : Measurement
{
    public Taken(Func<int, double> measure, IDisposable? workload = null)
        : this(operations => [measure(operations)], workload)
    {
    }

    public override double[] Perform(int operations) => measure(operations);

    public override void Dispose() => workload?.Dispose();
}

/// <summary>A server or idler, which runs by itself until the process ends.</summary>
/// <param name="firstFigure">The first output.</param>
internal sealed class Serving(double firstFigure) : Measurement
{
    public override double? FirstFigure => firstFigure;

    public override double[] Perform(int operations) => throw new InvalidOperationException("A server takes no turns.");

    public override void Dispose()
    {
        // The end of the process ends it.
    }
}
