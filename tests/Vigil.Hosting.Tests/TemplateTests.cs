using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace Vigil.Hosting.Tests;

/// <summary><c>dotnet new vigil-worker</c>: what it makes is built against the packages of this repository, tested, and run.</summary>
public sealed class TemplateTests : IDisposable
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    // Unique, so that no package of an earlier run is taken from a cache.
    private static readonly string Version = string.Create(CultureInfo.InvariantCulture, $"0.0.1-test.{DateTime.UtcNow.Ticks}");

    private readonly string _folder = Directory.CreateTempSubdirectory("vigil-template-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_service_from_the_template_builds_passes_its_test_in_virtual_time_runs_and_stops()
    {
        string root = typeof(TemplateTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key is "RepositoryRoot").Value!;
        string packages = Path.Combine(_folder, "packages");
        foreach (string project in (string[])["src/Vigil", "src/Vigil.Testing", "src/Vigil.Hosting"])
        {
            // Built with these tests: with only the package's version changed, nothing is compiled again.
            await RunAsync(
                root, "pack", project, "--no-restore", "-c", Configuration, "-o", packages, $"-p:PackageVersion={Version}");
        }

        await RunAsync(root, "pack", "templates/Vigil.Templates", "-o", packages, $"-p:PackageVersion={Version}");
        string hive = Path.Combine(_folder, "hive");
        string package = Path.Combine(packages, $"Vigil.Templates.{Version}.nupkg");
        await RunAsync(_folder, "new", "install", package, "--debug:custom-hive", hive);
        await RunAsync(
            _folder, "new", "vigil-worker", "-n", "Thermometer", "-o", "made", "--VigilVersion", Version, "--debug:custom-hive", hive);
        string made = Path.Combine(_folder, "made");
        await File.WriteAllTextAsync(
            Path.Combine(made, "nuget.config"),
            $"<configuration><packageSources><add key=\"made\" value=\"{packages}\" /></packageSources></configuration>",
            TestContext.Current.CancellationToken);
        Assert.True(File.Exists(Path.Combine(made, "thermometer.service")));
        Assert.Contains(
            "ExecStart=/opt/thermometer/Thermometer",
            await File.ReadAllTextAsync(Path.Combine(made, "thermometer.service"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

        string tested = await RunAsync(made, "test");
        Assert.Matches("Passed: +1", tested);

        await RunServiceAsync(made);
    }

    // Until it has ticked once; then it is asked to stop, as the service manager does.
    private async Task RunServiceAsync(string made)
    {
        string service = Path.Combine(made, "src", "Thermometer", "bin", "Debug", "net10.0", "Thermometer.dll");
        using Process process = Process.Start(StartOf(made, service))!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        List<string> lines = [];
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit) is { } line)
        {
            lines.Add(line);
            if (line.Contains("Second 1", StringComparison.Ordinal))
            {
                using Process kill = Process.Start("kill", [process.Id.ToString(CultureInfo.InvariantCulture)]);
            }
        }

        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Limit);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal("", await errors);
        Assert.Contains(lines, line => line.Contains("Thermometer: the loop has stopped", StringComparison.Ordinal));
    }

    private async Task<string> RunAsync(string folder, params string[] arguments)
    {
        using Process process = Process.Start(StartOf(folder, arguments))!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Limit);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Limit);
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} in {_folder}:\n{output}\n{await errors}");
        return output;
    }

    // The machine's packages are read, and none is added to them.
    private ProcessStartInfo StartOf(string folder, params string[] arguments)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string cached = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(home, ".nuget", "packages");
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        if (folder.StartsWith(_folder, StringComparison.Ordinal))
        {
            start.Environment["NUGET_PACKAGES"] = Path.Combine(_folder, "restored");
            start.Environment["RestoreFallbackFolders"] = cached;
        }

        return start;
    }
}
