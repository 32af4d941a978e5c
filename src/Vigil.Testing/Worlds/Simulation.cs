using System.Globalization;

namespace Vigil.Testing;

/// <summary>Runs a program in many worlds, one for each seed. For any test framework: a run that fails throws.</summary>
public static class Simulation
{
    /// <summary>The name of the environment variable that holds the one seed to run.</summary>
    public const string SeedVariable = "VIGIL_SEED";

    /// <summary>Runs a program once for each seed, until one fails.</summary>
    /// <param name="program">
    /// The program: it creates what there is in the world, moves the clock, and asserts. When it returns, the world ends its loops and
    /// pools.
    /// </param>
    /// <param name="options">How many seeds, and what is checked; null for the defaults.</param>
    /// <exception cref="SimulationFailedException">
    /// A run has failed: the program threw, something waits for ever, a run does not repeat, or something is left. The message has the
    /// seed, the faults that it takes, the end of the history, and the command that repeats it.
    /// </exception>
    public static void Run(Action<World> program, SimulationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(program);
        options ??= new SimulationOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Runs, 1, "options.Runs");
        ArgumentOutOfRangeException.ThrowIfNegative(options.RepeatOneIn, "options.RepeatOneIn");
        using HostThreads? hosts = options.AllowBlocking ? new HostThreads() : null;
        if (SeedOfEnvironment() is { } only)
        {
            RunSeed(program, only, options, hosts, repeats: true);
            return;
        }

        for (int i = 0; i < options.Runs; i++)
        {
            bool repeats = options.RepeatOneIn > 0 && i % options.RepeatOneIn == 0;
            RunSeed(program, unchecked(options.Seed + (ulong)i), options, hosts, repeats);
        }
    }

    /// <summary>Runs an asynchronous program once for each seed, until one fails.</summary>
    /// <param name="program">
    /// The program. What it awaits happens in the world, which moves its clock where nothing can run; after each <c>await</c> it goes on on
    /// the simulating thread, in an order that the seed decides. <c>ConfigureAwait(false)</c> leaves that order to whoever ends the awaited
    /// operation.
    /// </param>
    /// <param name="options">How many seeds, and what is checked; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="SimulationFailedException">
    /// As for <see cref="Run(Action{World}, SimulationOptions?)"/>; also if what the program awaits does not end within
    /// <see cref="SimulationOptions.TimeLimit"/>, or is ended by another thread.
    /// </exception>
    public static void Run(Func<World, Task> program, SimulationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(program);
        options ??= new SimulationOptions();
        TimeSpan limit = options.TimeLimit;
        if (limit < TimeSpan.Zero && limit != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(
                "options.TimeLimit", limit, "A limit is zero or more, or Timeout.InfiniteTimeSpan for none.");
        }

        Run(
            world => world.RunUntilEnded(
                program(world) ?? throw new InvalidOperationException("The program returned no task."), limit),
            options);
    }

    private static ulong? SeedOfEnvironment()
    {
        string? text = Environment.GetEnvironmentVariable(SeedVariable);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed)
            ? seed
            : throw new InvalidOperationException($"{SeedVariable} is '{text}', which is not a whole number from 0 to {ulong.MaxValue}.");
    }

    private static void RunSeed(Action<World> program, ulong seed, SimulationOptions options, HostThreads? hosts, bool repeats)
    {
        World first = new(seed, hosts, keepsHashes: repeats);
        Exception? failure = RunIn(first, program, options);
        if (failure is not null)
        {
            throw Explain(program, first, failure, options, hosts);
        }

        if (!repeats)
        {
            return;
        }

        World second = new(seed, hosts, expected: first.History.Hashes);
        Exception? difference = RunIn(second, program, options);
        if (difference is not null || second.History.Count != first.History.Count)
        {
            throw new SimulationFailedException(
                $"The run with seed {seed} does not repeat: "
                    + (second.History.FirstDifference >= 0
                        ? $"step {second.History.FirstDifference} is another one than in the first run.\n"
                        : "the second run ends otherwise than the first.\n")
                    + "Something in the program depends on what is outside of the world: Stopwatch, DateTime.Now, Random.Shared, "
                    + "Guid.NewGuid, hash codes of strings, a thread, or state that an earlier run has left.\n"
                    + $"{Command(seed)}\nThe second run, with the step that differs as the last one:\n{second.Describe()}",
                difference ?? new DivergedException())
            {
                Seed = seed,
                Faults = first.Faults.Active,
            };
        }
    }

    // Returns what it failed by, or null.
    private static Exception? RunIn(World world, Action<World> program, SimulationOptions options)
    {
        try
        {
            world.Run(program);
            world.End();
            if (options.FailOnLeaks && world.FindLeaks() is { Count: > 0 } leaks)
            {
                throw new SimulationFailedException($"Something is left:\n  {string.Join("\n  ", leaks)}\n{world.Describe()}");
            }

            return null;
        }
        catch (Exception exception)
        {
            IReadOnlyList<string> lost = world.EndThreads();
            try
            {
                world.End();
            }
            catch (Exception)
            {
                // What ended the run is what is told.
            }

            return lost.Count == 0
                ? exception
                : new SimulationFailedException(
                    $"{exception.Message}\nAt the end of the run {string.Join(", ", lost)} blocked again and again, and could not be "
                        + "ended: code that catches every exception and tries again needs a condition for its end.",
                    exception);
        }
        finally
        {
            world.Retire();
        }
    }

    private static SimulationFailedException Explain(
        Action<World> program, World failed, Exception failure, SimulationOptions options, HostThreads? hosts)
    {
        FailureReducer reducer = new(Run, failed, failure);
        if (options.ReduceFailures)
        {
            reducer.Reduce();
        }

        string state = reducer.Failure is SimulationFailedException ? "" : $"\n{reducer.World.Describe()}";
        return new SimulationFailedException(
            $"The run with seed {failed.Seed} has failed: {reducer.Failure.Message}\n{reducer.Describe()}\n"
                + $"{Command(failed.Seed)}{state}",
            reducer.Failure)
        {
            Seed = failed.Seed,
            Faults = reducer.World.Faults.Active,
        };

        (World World, Exception? Failure) Run(RunReduction reduction)
        {
            World world = new(failed.Seed, hosts, reduction: reduction);
            return (world, RunIn(world, program, options));
        }
    }

    private static string Command(ulong seed) =>
        string.Create(CultureInfo.InvariantCulture, $"To repeat it: {SeedVariable}={seed} dotnet test --filter <the name of this test>");
}
