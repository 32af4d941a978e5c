using System.ComponentModel;
using System.Diagnostics;

namespace Vigil.Benchmarks.Reporting;

/// <summary>The machine's C compiler, and a directory for its output from bench/native, which is deleted when this is
/// disposed.</summary>
internal sealed class NativeToolchain : IDisposable
{
    private const string Compiler = "cc";
    private const string Flags = "-O2 -pthread";
    private const string Shared = "shared";

    private readonly DirectoryInfo _output;
    private string? _sharedObject;

    private NativeToolchain(DirectoryInfo output, string compilerVersion)
    {
        _output = output;
        Description = $"{compilerVersion}, {Flags}";
    }

    /// <summary>The compiler and its options.</summary>
    public string Description { get; }

    private static string Sources => Path.Combine(AppContext.BaseDirectory, "native");

    /// <summary>The compiler; null if there is none.</summary>
    public static NativeToolchain? TryFind()
    {
        try
        {
            string version = ChildProgram.OutputOf(Compiler, ["--version"]).Split('\n')[0];
            return new NativeToolchain(Directory.CreateTempSubdirectory("vigil-native-"), version);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Whether the compiler finds a header, which says that a library's development package is installed.</summary>
    public static bool HasHeader(string header)
    {
        var start = new ProcessStartInfo(Compiler, ["-E", "-x", "c", "-include", header, "/dev/null"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using Process process = Process.Start(start)!;

        // Both outputs are read, so that the compiler never waits for a reader.
        Task<string> words = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        words.GetAwaiter().GetResult();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    /// <summary>Builds a driver from its directory and the shared one, and returns the program's path.</summary>
    /// <param name="name">The program's name.</param>
    /// <param name="directory">Its sources, in bench/native.</param>
    /// <param name="flags">Definitions and libraries.</param>
    /// <exception cref="InvalidOperationException">The compiler refused the sources; its messages are on standard error.</exception>
    public string Build(string name, string directory, params string[] flags)
    {
        string program = Path.Combine(_output.FullName, name);
        _sharedObject ??= BuildShared();
        Compile(["-o", program, _sharedObject, .. SourcesIn(directory), .. flags, "-lm"]);
        return program;
    }

    public void Dispose() => _output.Delete(recursive: true);

    private static void Compile(IEnumerable<string> arguments) =>
        ChildProgram.OutputOf(Compiler, [.. Flags.Split(' '), "-I", Path.Combine(Sources, Shared), .. arguments]);

    private static string[] SourcesIn(string directory) => Directory.GetFiles(Path.Combine(Sources, directory), "*.c");

    // Built once for all programs.
    private string BuildShared()
    {
        string shared = Path.Combine(_output.FullName, "shared.o");
        Compile(["-r", "-nostdlib", "-o", shared, .. SourcesIn(Shared)]);
        return shared;
    }
}
