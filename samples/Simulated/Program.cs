using SimulatedSample;
using Vigil;
using Vigil.IO;
using Vigil.Testing;

// 1. Many seeds are tried until one fails. Each is another order of what happens at the same time.
ulong seed;
try
{
    Simulation.Run(
        world => UpdateAndCompare(world, (manager, query) => new CacheWithBug(manager, query)), new SimulationOptions { Runs = 1_000 });
    Console.WriteLine("The bug was not found.");
    return 1;
}
catch (SimulationFailedException failure)
{
    seed = failure.Seed;
    Console.WriteLine(failure.Message);
}

// 2. The seed alone makes the same run again, as often as it takes to understand it: with a debugger, or with more notes.
try
{
    Simulation.Run(
        world => UpdateAndCompare(world, (manager, query) => new CacheWithBug(manager, query)),
        new SimulationOptions { Runs = 1, Seed = seed });
    Console.WriteLine("The seed has not repeated the failure.");
    return 1;
}
catch (SimulationFailedException again)
{
    Console.WriteLine($"Seed {seed} again: {FirstLine(again)}");
}

// 3. With the fix, none of a thousand fails.
Simulation.Run(
    world => UpdateAndCompare(world, (manager, query) => new FixedCache(manager, query)), new SimulationOptions { Runs = 1_000 });
Console.WriteLine("The fixed cache: 1000 seeds passed.");
return 0;

// The scenario: the database changes the row now and then and says so through a pipe. When everything is at rest, the cache has the row.
static void UpdateAndCompare(World world, Func<EventManager, Func<int>, Cache> create)
{
    int row = 0;
    EventManager manager = world.CreateLoop("server").Manager;
    Cache cache = create(manager, () =>
    {
        int read = row;

        // The answer is under way, and this thread waits for it: meanwhile others run.
        world.Yield();
        world.Note($"a query has read {read}");
        return read;
    });
    (FdHandle reader, FdHandle writer) = world.CreatePipe("notifications");
    manager.CreateSocketEvent(reader, EventSet.In, (source, _) =>
    {
        IOResult result = NonBlocking.TryRead(reader, new byte[1]);
        if (result.IsEndOfStream)
        {
            source.Cancel();
            reader.Dispose();
            return;
        }

        cache.OnRowChanged();
    });

    world.CreateLoop("database").Manager.Defer(Update);
    world.Advance(TimeSpan.FromSeconds(1));
    world.Assert(cache.Value == row, $"the cache has {cache.Value}, and the row is {row}");

    void Update(EventManager database)
    {
        row++;
        NonBlocking.TryWrite(writer, [0]);
        if (row == 5)
        {
            writer.Dispose();
        }
        else
        {
            database.CreateTimerEvent(TimeSpan.FromMilliseconds(world.Random.Next(2)), (_, _) => Update(database));
        }
    }
}

static string FirstLine(Exception exception) => exception.Message.Split('\n')[0];
