using System.Globalization;
using System.Text;

namespace Vigil.Testing;

/// <summary>What a world says of itself when something is wrong.</summary>
internal static class WorldReport
{
    private const int LinesOfHistory = 40;

    /// <summary>The state of everything and the end of the history.</summary>
    /// <param name="world">The world.</param>
    /// <param name="pools">Its pools.</param>
    /// <param name="waits">Who waits for which loop, and whose thread that is.</param>
    public static string Describe(
        World world,
        IReadOnlyList<SimulatedPool> pools,
        IEnumerable<(string Waiter, SimulatedLoop? Own, SimulatedLoop Target)> waits)
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

        foreach ((string waiter, _, SimulatedLoop target) in waits)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {waiter} is blocked until the loop {target.Name} has done something\n");
        }

        text.Append(world.Clock.UntilNextTimer is { } next ? $"  the next timer is due in {next}\n" : "  no timer is started\n");
        text.Append("The last steps:\n");
        foreach (string line in world.History.Last(LinesOfHistory))
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>
    /// Who waits for whom, when nothing can run: a chain that ends where it has been before, or at a loop whose run is over; or else the
    /// longest. Null if nobody waits for a loop.
    /// </summary>
    /// <param name="waits">As for <see cref="Describe"/>.</param>
    public static string? DescribeDeadlock(IEnumerable<(string Waiter, SimulatedLoop? Own, SimulatedLoop Target)> waits)
    {
        (string Waiter, SimulatedLoop? Own, SimulatedLoop Target)[] all = [.. waits];
        return all
            .Select(wait => Follow(wait.Waiter, wait.Own, wait.Target, all))
            .DefaultIfEmpty()
            .MaxBy(chain => (chain.IsHopeless, chain.Length)).Text;
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

    private static (string Text, bool IsHopeless, int Length) Follow(
        string waiter, SimulatedLoop? own, SimulatedLoop target, (string Waiter, SimulatedLoop? Own, SimulatedLoop Target)[] waits)
    {
        StringBuilder text = new(waiter);
        List<SimulatedLoop?> passed = [own];
        while (true)
        {
            text.Append(CultureInfo.InvariantCulture, $" waits for the loop {target.Name}");
            bool isCircle = passed.Contains(target);
            passed.Add(target);
            SimulatedLoop? next = Array.Find(waits, wait => wait.Own == target).Target;
            if (isCircle || next is null)
            {
                bool isOver = next is null && target.HasEnded;
                return (isOver ? $"{text}, whose run is over" : text.ToString(), isCircle || isOver, passed.Count);
            }

            text.Append(", which");
            target = next;
        }
    }
}
