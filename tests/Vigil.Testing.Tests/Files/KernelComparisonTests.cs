using System.Globalization;

namespace Vigil.Testing.Tests.Files;

/// <summary>Random changes of the kernel's files and of a world's: the same file events report the same changes.</summary>
/// <remarks>
/// Not beside tests that start processes: between fork and exec a child holds what is open here, and so the kernel reports the end of a
/// writer late.
/// </remarks>
[Collection(PlantedTests.Processes)]
public sealed class KernelComparisonTests : IDisposable
{
    private const int Batches = 12;
    private const int Steps = 25;

    // VIGIL_FILE_ROUNDS=1000 VIGIL_FILE_SEED=1 for a long run; failures name their round's seed.
    private static readonly int Rounds = Setting("VIGIL_FILE_ROUNDS", 10);
    private static readonly int FirstSeed = Setting("VIGIL_FILE_SEED", 0);

    private readonly string _top = Directory.CreateTempSubdirectory("vigil-").FullName;

    public void Dispose() => Directory.Delete(_top, recursive: true);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_file_event_of_a_world_reports_what_one_of_the_kernel_does(bool debounces, bool follows)
    {
        for (int seed = FirstSeed; seed < FirstSeed + Rounds; seed++)
        {
            string top = Path.Combine(_top, seed.ToString(CultureInfo.InvariantCulture));
            List<string> history = [];
            List<List<string>> real = RunOnKernel(top, seed, debounces, follows, history);
            List<List<string>> simulated = RunInWorld(top, seed, debounces, follows);
            Assert.True(real.Sum(batch => batch.Count) > Batches, $"seed {seed}: hardly anything was reported.");
            for (int i = 0; i < real.Count; i++)
            {
                Assert.True(
                    real[i].SequenceEqual(simulated[i], StringComparer.Ordinal),
                    $"seed {seed}, batch {i}\nthe kernel:\n{Lines(real[i])}\nthe world:\n{Lines(simulated[i])}\n{Lines(history)}");
            }
        }
    }

    private static List<List<string>> RunOnKernel(string top, int seed, bool debounces, bool follows, List<string> history)
    {
        // The files are the kernel's, the debounce is virtual.
        var clock = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = clock });
        var program = new TreeProgram(new KernelTree(), top, seed);
        DirectoryInfo elsewhere = Directory.CreateDirectory(Path.Combine(top, "elsewhere"));
        List<List<string>> batches = Run(program, manager, top, debounces, follows, () =>
        {
            // The kernel keeps its order, so what happens last elsewhere is reported last; the second time when all scans are over.
            for (int i = 0; i < 2; i++)
            {
                bool isTold = false;
                using FileEvent fence = manager.CreateFileEvent(elsewhere.FullName, (_, _) => isTold = true);
                string path = Path.Combine(elsewhere.FullName, "fence");
                File.WriteAllText(path, "");
                while (!isTold)
                {
                    // Half a move holds up what follows it until its time is over.
                    clock.Advance(TimeSpan.FromMilliseconds(1));
                    manager.RunOnce(TimeSpan.Zero);
                }

                File.Delete(path);
                for (int step = 0; step < 6; step++)
                {
                    clock.Advance(TimeSpan.FromMilliseconds(10));
                    while (manager.RunOnce(TimeSpan.Zero) > 0)
                    {
                        // All that is due at this time.
                    }
                }
            }
        });
        program.Close();
        history.AddRange(program.History);
        return batches;
    }

    private static List<List<string>> RunInWorld(string top, int seed, bool debounces, bool follows)
    {
        List<List<string>> batches = [];
        Simulation.Run(
            world =>
            {
                SimulatedLoop loop = world.CreateLoop("loop");
                var program = new TreeProgram(new WorldTree(world.Directories), top, seed);
                world.Directories.CreateDirectory(Path.Combine(top, "elsewhere"));
                batches = Run(
                    program, loop.Manager, top, debounces, follows, () => world.Advance(TimeSpan.FromSeconds(1)));
                program.Close();
            },
            new SimulationOptions { Runs = 1, Seed = (ulong)seed + 1, RepeatOneIn = 1 });
        return batches;
    }

    // Watches in several ways. Each batch of changes is over before the loop reads.
    private static List<List<string>> Run(
        TreeProgram program, EventManager manager, string top, bool debounces, bool follows, Action settle)
    {
        for (int i = 0; i < Steps; i++)
        {
            program.Step();
        }

        string root = Path.Combine(top, "root");
        List<string> changes = [];
        Dictionary<string, string> last = [];
        void Watch(string name, string path, bool recursive)
        {
            manager.CreateFileEvent(
                path,
                (_, change) =>
                {
                    string line = $"{name}: {change}{(change.IsDirectory ? "/" : "")}{(change.IsWriterUnknown ? ", writer unknown" : "")}";

                    // Whoever follows a path watches the machine's own directories, too. What others do there stands between equal records,
                    // which the kernel then does not merge.
                    if (!follows || !last.TryGetValue(name, out string? before) || !string.Equals(before, line, StringComparison.Ordinal))
                    {
                        changes.Add(line);
                    }

                    last[name] = line;
                },
                new FileEventOptions
                {
                    Recursive = recursive,
                    FollowPath = follows,
                    Interest = FileInterest.Contents | FileInterest.Attributes | FileInterest.Written,
                    Debounce = debounces ? TimeSpan.FromMilliseconds(50) : TimeSpan.Zero,
                });
        }

        Watch("tree", root, recursive: true);
        Watch("directory", root, recursive: false);
        Watch("name", Path.Combine(root, "a"), recursive: false);
        List<List<string>> batches = [];
        for (int i = 0; i < Batches; i++)
        {
            program.HasListed = false;
            for (int step = 0; step < Steps; step++)
            {
                program.Step();
            }

            settle();

            // The order of names in a listing is the file system's own.
            batches.Add(program.HasListed ? [.. changes.Order(StringComparer.Ordinal)] : [.. changes]);
            changes.Clear();
            last.Clear();
            batches[^1].AddRange(program.Paths());
        }

        return batches;
    }

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines);

    private static int Setting(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : usual;
}
