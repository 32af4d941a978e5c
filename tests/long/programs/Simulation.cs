using Vigil;
using Vigil.Testing;

// A user's simulation. With LEAVES it leaves its world, and the analyzer in the package must say so.
int seconds = 0;
Simulation.Run(
    world =>
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        manager.CreateTimerEvent(TimeSpan.FromSeconds(1), (_, _) => seconds++);
        world.Advance(TimeSpan.FromSeconds(1));
#if LEAVES
        Task.Run(() => { });
        Log.Write("it leaves");
#endif
    },
    new SimulationOptions { Runs = 3, RepeatOneIn = 0 });
Console.WriteLine($"{seconds} seconds");

internal static class Log
{
    public static void Write(string line) => Console.WriteLine($"{DateTime.UtcNow} {line}");
}
