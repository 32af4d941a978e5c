using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Vigil.Benchmarks.Reporting;

/// <summary>The C side: compiled here and now from bench/native, and run as a child process for each round.</summary>
internal sealed class NativeDriver : IDisposable
{
    private const string Compiler = "cc";
    private const string Flags = "-O2 -pthread";

    private readonly DirectoryInfo _directory;
    private readonly string _program;

    private NativeDriver(DirectoryInfo directory, string compilerVersion)
    {
        _directory = directory;
        _program = Path.Combine(directory.FullName, "raw_epoll");
        Description = $"{compilerVersion}, {Flags}";
    }

    /// <summary>By what it was compiled, and how.</summary>
    public string Description { get; }

    /// <summary>Builds the driver; null where there is no compiler.</summary>
    /// <exception cref="InvalidOperationException">The compiler refused the sources.</exception>
    public static NativeDriver? TryBuild()
    {
        string version;
        try
        {
            version = Execute(Compiler, ["--version"]).Split('\n')[0];
        }
        catch (Win32Exception)
        {
            return null;
        }

        var driver = new NativeDriver(Directory.CreateTempSubdirectory("raw_epoll-"), version);
        try
        {
            string[] sources = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "native"), "*.c");
            Execute(Compiler, [.. Flags.Split(' '), "-o", driver._program, .. sources]);
            return driver;
        }
        catch
        {
            driver.Dispose();
            throw;
        }
    }

    /// <summary>Runs one measurement and returns its nanoseconds an operation.</summary>
    /// <exception cref="InvalidOperationException">It failed, for instance because too few files may be open.</exception>
    public double Measure(string command) => MeasureAll(command)[0];

    /// <summary>Runs one measurement and returns all its figures.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public double[] MeasureAll(string command)
    {
        string line = Execute(_program, command.Split(' '));
        return [.. line.Split(' ').Skip(1).Select(figure => double.Parse(figure, CultureInfo.InvariantCulture))];
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static string Execute(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            string command = $"{Path.GetFileName(program)} {string.Join(' ', arguments)}";
            throw new InvalidOperationException($"{command} failed with exit code {process.ExitCode}.");
        }

        return output;
    }
}
