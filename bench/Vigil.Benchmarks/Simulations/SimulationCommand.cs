using System.Diagnostics;
using System.Globalization;
using Vigil.IO;
using Vigil.Testing;

namespace Vigil.Benchmarks.Simulations;

/// <summary>
/// How long simulated days take, in processor time of this process. A short simulation comes before each, so that the code is compiled.
/// </summary>
internal static class SimulationCommand
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static readonly TimeSpan WarmUp = TimeSpan.FromMinutes(20);

    public static int Run()
    {
        Console.WriteLine("| a simulated day of | iterations | callbacks | processor time, s | per iteration, ns |");
        Console.WriteLine("|---|--:|--:|--:|--:|");
        Measure("one timer of 10 ms", AddTimer);
        Measure("1,000 timers of a minute, and 10 messages a second", AddTimersAndMessages);
        return 0;
    }

    private static void Measure(string name, Func<World, EventManager, Func<long>> prepare)
    {
        _ = Simulate(prepare, WarmUp);
        (long iterations, long callbacks, TimeSpan took) = Simulate(prepare, Day);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {iterations:N0} | {callbacks:N0} | {took.TotalSeconds:F1} | {took.TotalNanoseconds / iterations:F0} |"));
    }

    private static (long Iterations, long Callbacks, TimeSpan Took) Simulate(Func<World, EventManager, Func<long>> prepare, TimeSpan span)
    {
        long iterations = 0;
        long callbacks = 0;
        TimeSpan took = default;
        Simulation.Run(
            world =>
            {
                SimulatedLoop loop = world.CreateLoop("loop");
                Func<long> count = prepare(world, loop.Manager);
                TimeSpan before = ProcessorTime();
                world.Advance(span);
                took = ProcessorTime() - before;
                iterations = loop.Iterations;
                callbacks = count();
            },
            new SimulationOptions { Runs = 1, RepeatOneIn = 0, FailOnLeaks = false });
        return (iterations, callbacks, took);
    }

    private static Func<long> AddTimer(World world, EventManager manager)
    {
        long ticks = 0;
        TimeSpan period = TimeSpan.FromMilliseconds(10);
        manager.CreateTimerEvent(period, period, (_, _) => ticks++);
        return () => ticks;
    }

    private static Func<long> AddTimersAndMessages(World world, EventManager manager)
    {
        const int Timers = 1_000;
        const int MessagesPerSecond = 10;
        long callbacks = 0;
        TimeSpan minute = TimeSpan.FromMinutes(1);
        for (int i = 0; i < Timers; i++)
        {
            manager.CreateTimerEvent(minute * (i + 1) / Timers, minute, (_, _) => callbacks++);
        }

        (FdHandle reader, FdHandle writer) = world.CreatePipe();
        byte[] buffer = new byte[100];
        manager.CreateSocketEvent(
            reader, EventSet.In, (source, _) => callbacks += NonBlocking.TryRead(source.Fd, buffer).IsSuccess ? 1 : 0);
        Send();
        return () => callbacks;

        void Send()
        {
            NonBlocking.TryWrite(writer, "a:1|c"u8);
            world.At(TimeSpan.FromSeconds(1) / MessagesPerSecond, Send);
        }
    }

    private static TimeSpan ProcessorTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
