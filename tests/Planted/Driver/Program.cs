using Planted.Driver;
using Vigil.Testing;

// Runs scenarios that a correct Vigil passes with every seed: Planted.Driver [seeds [scenario [first seed]]]
// Exit code 0: all passed. 1: one has failed; the first line says which, and with which seed.
int runs = args.Length > 0 ? int.Parse(args[0]) : 1_000;
string? only = args.Length > 1 ? args[1] : null;
ulong first = args.Length > 2 ? ulong.Parse(args[2]) : 1;

(string Name, Action<World> Program)[] scenarios =
[
    .. TimerScenarios.All,
    .. MessageScenarios.All,
    .. WorkScenarios.All,
    .. DescriptorScenarios.All,
    .. BlockingScenarios.All,
];
var chosen = scenarios.Where(scenario => only is null || scenario.Name == only).ToArray();
if (chosen.Length == 0)
{
    Console.WriteLine($"There is no scenario {only}.");
    return 2;
}

foreach ((string name, Action<World> program) in chosen)
{
    try
    {
        bool allowsBlocking = BlockingScenarios.All.Contains((name, program));
        Simulation.Run(
            program, new SimulationOptions { Runs = runs, Seed = first, AllowBlocking = allowsBlocking, ReduceFailures = false });
    }
    catch (SimulationFailedException failure)
    {
        Console.WriteLine($"FAILED {name} seed {failure.Seed}");
        Console.WriteLine(failure.Message);
        return 1;
    }
}

Console.WriteLine($"passed: {chosen.Length} scenarios, {runs} seeds each");
return 0;
