using System.Globalization;

namespace Vigil.Testing.Tests.Models;

/// <summary>
/// Random programs on a manager, in a world and on the kernel, against the reference model. A failure is shrunk and printed as a test.
/// </summary>
public sealed class ManagerModelTests
{
    private const int Programs = 300;
    private const int Length = 30;

    private static readonly HashSet<string> Wanted =
    [
        "callback of Subscriber", "callback of Event", "callback of Timer", "callback of Signal", "callback of a closure",
        "was closed without removing it; its registration was dropped", "its number is another file's now",
        "kept alive by a duplicate", "PlannedException",
        "answers NotOwner", "answers AlreadyRegistered", "answers NotRegistered", "answers ExclusiveNotModifiable",
        "answers SubscriberNotFound", "answers InvalidDescriptor", "on a worker", "the manager was disposed",
    ];

    [Theory]
    [InlineData(nameof(MachineKind.Simulated))]
    [InlineData(nameof(MachineKind.Real))]
    [Trait("Duration", "Scaled")]
    public void Random_programs_do_what_the_model_says(string machine)
    {
        MachineKind kind = Enum.Parse<MachineKind>(machine);
        for (int i = 0; i < Scale.Times(Programs); i++)
        {
            int seed = Scale.Seed(i);
            if (FindFailure(kind, seed, PlantedBug.None) is { } failure)
            {
                Assert.Fail(failure.Text);
            }
        }
    }

    [Theory]
    [InlineData(nameof(PlantedBug.MaskedEventsAreDelivered))]
    [InlineData(nameof(PlantedBug.DisarmedEventsAreDelivered))]
    [InlineData(nameof(PlantedBug.PostsRunAtOnce))]
    [InlineData(nameof(PlantedBug.BurstsAreSkipped))]
    [InlineData(nameof(PlantedBug.DetachedSubscribersStay))]
    public void A_model_that_is_wrong_is_found_and_shrunk_to_five_operations_at_most(string bug)
    {
        PlantedBug planted = Enum.Parse<PlantedBug>(bug);
        foreach (MachineKind machine in Enum.GetValues<MachineKind>())
        {
            (ModelProgram Program, string Text)? found = null;
            for (int seed = 0; seed < 1_000 && found is null; seed++)
            {
                found = FindFailure(machine, seed, planted);
            }

            Assert.True(found is not null, $"{planted} is not found on {machine}");
            Assert.True(found.Value.Program.Operations.Count <= 5, found.Value.Text);
        }
    }

    [Fact]
    public void A_program_is_printed_as_a_test() => Assert.Equal(
        """
            [Fact]
            public void Found() => Check(
                MachineKind.Real,
                worldSeed: 3,
                new(FaultPolicy.Detach,
                [
                    new Register(0, 4, EventSet.In | EventSet.OneShot, DispatchPriority.High, false, true),
                    new InCallback(CallbackKind.Event, 0, new Post(null)),
                    new Iterate(1),
                ]));

        """.ReplaceLineEndings("\n"),
        ProgramText.Of("Found", MachineKind.Real, 3, new ModelProgram(
            FaultPolicy.Detach,
            [
                new Register(0, 4, EventSet.In | EventSet.OneShot, DispatchPriority.High, OnWorker: true),
                new InCallback(CallbackKind.Event, 0, new Post()),
                new Iterate(),
            ])));

    [Theory]
    [InlineData(nameof(MachineKind.Simulated))]
    [InlineData(nameof(MachineKind.Real))]
    public void The_programs_reach_what_they_are_for(string machine)
    {
        HashSet<string> reached = [];
        for (int seed = 0; seed < Programs && !Wanted.IsSubsetOf(reached); seed++)
        {
            ProgramOutcome outcome = Run(Enum.Parse<MachineKind>(machine), 1, new ProgramGenerator(seed).Next(Length), PlantedBug.None);
            reached.UnionWith(Wanted.Where(wanted => outcome.Log.Any(line => line.Contains(wanted, StringComparison.Ordinal))));
        }

        Assert.Empty(Wanted.Except(reached));
    }

    private static void Check(MachineKind machine, ulong worldSeed, ModelProgram program)
    {
        ProgramOutcome outcome = Run(machine, worldSeed, program, PlantedBug.None);
        Assert.True(outcome.Difference is null, $"{outcome.Difference}\n{string.Join('\n', outcome.Log)}");
    }

    private static (ModelProgram Program, string Text)? FindFailure(MachineKind machine, int seed, PlantedBug bug)
    {
        ModelProgram program = new ProgramGenerator(seed).Next(Length);
        if (Run(machine, (ulong)seed, program, bug).Difference is null)
        {
            return null;
        }

        // A part draws another order from the same seed, so some more are tried.
        ulong worldSeed = (ulong)seed;
        ModelProgram smallest = Shrinker.Shrink(program, part =>
        {
            for (ulong i = 0; i < (machine == MachineKind.Simulated ? 4UL : 1); i++)
            {
                if (Run(machine, worldSeed + i, part, bug).Difference is not null)
                {
                    worldSeed += i;
                    return true;
                }
            }

            return false;
        });
        ProgramOutcome outcome = Run(machine, worldSeed, smallest, bug);
        string name = string.Create(CultureInfo.InvariantCulture, $"Found_with_seed_{seed}");
        string text = $"{outcome.Difference ?? "It did not fail again."}\nThe log:\n{string.Join('\n', outcome.Log)}\n"
            + $"The program:\n{ProgramText.Of(name, machine, worldSeed, smallest)}";
        return (smallest, text);
    }

    private static ProgramOutcome Run(MachineKind kind, ulong worldSeed, ModelProgram program, PlantedBug bug)
    {
        if (kind == MachineKind.Real)
        {
            using RealMachine machine = new(program.Policy);
            return ProgramRun.Of(machine, program, bug);
        }

        ProgramOutcome? outcome = null;
        Simulation.Run(
            world => outcome = ProgramRun.Of(new SimulatedMachine(world, program.Policy), program, bug),
            new SimulationOptions { Runs = 1, Seed = worldSeed, RepeatOneIn = 0, FailOnLeaks = false, ReduceFailures = false });
        return outcome!;
    }
}
