using System.Globalization;

namespace Vigil.Benchmarks.Reporting;

/// <summary>Raw epoll in C: compiled on this machine from bench/native, and run as a child process for each round.</summary>
internal sealed class NativeDriver : IDisposable
{
    private readonly NativeToolchain _toolchain;
    private readonly string _program;

    private NativeDriver(NativeToolchain toolchain)
    {
        _toolchain = toolchain;
        _program = toolchain.Build("raw_epoll", "raw_epoll");
    }

    /// <summary>The compiler and its options.</summary>
    public string Description => _toolchain.Description;

    /// <summary>Builds the driver; null if there is no compiler.</summary>
    /// <exception cref="InvalidOperationException">The compiler refused the sources.</exception>
    public static NativeDriver? TryBuild()
    {
        NativeToolchain? toolchain = NativeToolchain.TryFind();
        try
        {
            return toolchain is null ? null : new NativeDriver(toolchain);
        }
        catch
        {
            toolchain?.Dispose();
            throw;
        }
    }

    /// <summary>Runs one measurement and returns its nanoseconds per operation.</summary>
    /// <exception cref="InvalidOperationException">It failed, for instance because too few files may be open.</exception>
    public double Measure(string command) => MeasureAll(command)[0];

    /// <summary>Runs one measurement and returns all its figures.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public double[] MeasureAll(string command) => ParseFigures(ChildProgram.OutputOf(_program, command.Split(' ')));

    /// <summary>The figures of a line that begins with the measurement's name.</summary>
    public static double[] ParseFigures(string line) =>
        [.. line.Split(' ').Skip(1).Select(
            figure => figure.Trim() is "nan" or "-nan" ? double.NaN : double.Parse(figure, CultureInfo.InvariantCulture))];

    public void Dispose() => _toolchain.Dispose();
}
