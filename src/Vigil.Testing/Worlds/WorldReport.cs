using System.Globalization;
using System.Text;

namespace Vigil.Testing;

/// <summary>What a world says of itself when something is wrong.</summary>
internal static class WorldReport
{
    private const int LinesOfHistory = 40;

    /// <summary>The state of everything and the end of the history.</summary>
    public static string Describe(World world, IReadOnlyList<SimulatedPool> pools)
    {
        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture,
            $"At {world.Clock}, after {world.History.Count} steps, {world.Faults.Count} faults ({world.Faults.Active}):\n");
        foreach (SimulatedLoop loop in world.Loops)
        {
            string state = loop.HasEnded ? "has ended"
                : loop.IsStalled ? "is stalled"
                : loop.WaitsFor.Any() ? $"waits for {string.Join("; ", loop.WaitsFor)}"
                : "waits for posted work only";
            text.Append(CultureInfo.InvariantCulture, $"  loop {loop.Name} {state}\n");
        }

        foreach (SimulatedPool pool in pools.Where(pool => pool.Waiting + pool.Running > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {pool.Name}: {pool.Waiting} items wait, {pool.Running} run\n");
        }

        text.Append(world.Clock.UntilNextTimer is { } next ? $"  the next timer is due in {next}\n" : "  no timer is started\n");
        text.Append("The last steps:\n");
        foreach (string line in world.History.Last(LinesOfHistory))
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>What is open, started or waiting, a line each.</summary>
    public static IReadOnlyList<string> FindLeaks(World world, IReadOnlyList<SimulatedPool> pools)
    {
        List<string> leaks = [.. world.Descriptors.Open.Select(
            entry => $"descriptor {entry.Number} is open: {entry.File.Description}")];
        leaks.AddRange(world.Children.Left.Select(child => child.Exit is null
            ? $"child {child.Name} runs"
            : $"child {child.Name} has ended, and nobody has waited for it"));
        leaks.AddRange(pools.Where(pool => pool.Waiting > 0).Select(pool => $"{pool.Waiting} work items wait in {pool.Name}"));
        if (world.Loops.All(loop => loop.HasEnded) && world.Clock.ProgramTimerCount is > 0 and var timers)
        {
            leaks.Add($"{timers} timers of the clock are started");
        }

        return leaks;
    }
}
