using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Vigil.Testing.Analyzers.Tests;

/// <summary>Which code counts as simulated.</summary>
public class ScopeTests
{
    [Fact]
    public Task Code_outside_of_a_simulation_does_not_warn() => Snippet.WarnsWhereItSaysAsync(
        """
        using Vigil.Testing;

        class Tests
        {
            private readonly Stopwatch _watch = Stopwatch.StartNew();

            void Test()
            {
                Thread.Sleep(1);
                Simulation.Run(_ => Thread.Sleep(1), new SimulationOptions { Seed = (ulong)Random.Shared.NextInt64() });    // VIGILT004
                Thread.Sleep(1);
            }

            void Not_simulated(VirtualClock clock) => Task.Run(() => clock.Advance(TimeSpan.FromSeconds(1))).Wait();

            void Local()
            {
                Run();
                static void Run() => Thread.Sleep(1);
            }
        }
        """);

    [Fact]
    public Task Whatever_takes_a_world_is_simulated() => Snippet.WarnsWhereItSaysAsync(
        """
        using Vigil.Testing;

        class Tests
        {
            private static readonly Action<World> Program = world => Thread.Sleep(1);       // VIGILT004

            public Tests(World world) => Thread.Sleep(2);                                   // VIGILT004

            void Test()
            {
                Action<World> program = delegate(World world) { Thread.Sleep(3); };         // VIGILT004
                Simulation.Run(program);
                Simulation.Run(Scenario);
                Simulation.Run(Local);

                void Local(World world)
                {
                    Action inner = () => Thread.Sleep(4);                                   // VIGILT004
                    void Inner() => Thread.Sleep(5);                                        // VIGILT004
                }
            }

            static void Scenario(World world) => Thread.Sleep(6);                           // VIGILT004
        }
        """);

    [Fact]
    public Task What_a_simulation_uses_of_the_same_project_is_simulated() => Snippet.WarnsWhereItSaysAsync(
    [
        ("Tests.cs",
        """
        using Vigil.Testing;

        class Tests
        {
            void Test() => Simulation.Run(world => new Server().Start());

            void Other() => new Unused().Dispose();
        }
        """),
        ("Server.cs",
        """
        class Server : Service
        {
            private static readonly Stopwatch Watch = new();                // VIGILT002
            private static readonly Random Unused = new();
            private readonly DateTime _created = DateTime.UtcNow;           // VIGILT002
            private readonly Log _log = new(10);

            public void Start()
            {
                Thread.Sleep(1);                                            // VIGILT004
                _ = Watch.Elapsed;
                Local();
                Action<int> callback = OnCallback;
                _log.Level = 2;
                _ = Generic<int>.Id;
                "text".Extend();

                void Local() => Thread.Sleep(2);                            // VIGILT004
            }

            public void Stop() => Thread.Sleep(3);

            // Called by whatever calls the base.
            protected override void OnEvent() => Thread.Sleep(4);           // VIGILT004

            private void OnCallback(int value) => Thread.Sleep(5);          // VIGILT004
        }

        abstract class Service : IDisposable
        {
            public Service() => Thread.Sleep(6);                            // VIGILT004

            public void Dispose() => Thread.Sleep(7);                       // VIGILT004

            protected abstract void OnEvent();
        }
        """),
        ("Others.cs",
        """
        class Log
        {
            public Log(int capacity) => Thread.Sleep(1);                    // VIGILT004

            public Log() => Thread.Sleep(2);

            public int Level
            {
                get { Thread.Sleep(3); return 1; }
                set { Thread.Sleep(4); }                                    // VIGILT004
            }
        }

        static class Generic<T>
        {
            public static Guid Id { get; } = Guid.NewGuid();                // VIGILT005

            public static void Extend(T value) => Thread.Sleep(5);
        }

        static class Extensions
        {
            public static void Extend(this string text) => Thread.Sleep(6); // VIGILT004
        }

        class Unused : IDisposable
        {
            public void Dispose() => Thread.Sleep(7);
        }
        """),
    ]);

    [Fact]
    public Task A_local_function_is_followed_from_a_simulation_beside_it() => Snippet.WarnsWhereItSaysAsync(
        """
        using Vigil.Testing;

        static class Program
        {
            static void Main()
            {
                Simulation.Run(_ => Scenario());

                static void Scenario() => Once();
                static void Once() => Thread.Sleep(1);                      // VIGILT004
                static void Never() => Thread.Sleep(2);
            }
        }
        """);

    [Fact]
    public Task A_file_that_an_editor_configuration_says_to_be_simulated_is() => Snippet.WarnsWhereItSaysAsync(
        [
            ("Server.cs",
            """
            class Server
            {
                private readonly Stopwatch _watch = new();                  // VIGILT002

                public void Start() => Log.Write("started");

                public void Stop() => Thread.Sleep(1);                      // VIGILT004
            }
            """),
            ("Log.cs",
            """
            static class Log
            {
                public static void Write(string line) => Console.WriteLine($"{DateTime.Now} {line}");   // VIGILT002

                public static void Rotate() => Console.WriteLine(DateTime.Now);
            }
            """),
        ],
        simulated: "Server.cs",
        knowsWorlds: false);

    [Fact]
    public Task A_project_without_worlds_and_without_a_configuration_does_not_warn() => Snippet.WarnsWhereItSaysAsync(
        [("Server.cs", "class Server { public void Stop() => Thread.Sleep(1); }")], knowsWorlds: false);

    [Fact]
    public Task A_pragma_permits_what_is_meant() => Snippet.WarnsInASimulationAsync(
        """
        #pragma warning disable VIGILT004
                Thread.Sleep(1);
        #pragma warning restore VIGILT004
                Thread.Sleep(2);                                            // VIGILT004
        """);

    [Fact]
    public async Task A_message_names_what_is_used_what_to_use_and_who_reaches_it()
    {
        ImmutableArray<Diagnostic> told = await Snippet.WarningsOfAsync(
        [
            ("Tests.cs",
            """
            using Vigil.Testing;

            class Tests
            {
                void Test() => Simulation.Run(world =>
                {
                    _ = Environment.TickCount64;
                    Log.Write();
                });
            }

            static class Log
            {
                public static void Write() => Last();

                private static void Last() => Thread.Sleep(1);
            }
            """),
        ]);

        Assert.Equal(
            [
                "'Environment.TickCount64' reads the machine's clock, which goes on while simulated time stands still; "
                    + "use GetTimestamp and GetElapsedTime of the TimeProvider (EventManager.TimeProvider, world.Clock)",
                "'Thread.Sleep' blocks the one thread on which everything in a world runs; "
                    + "use await Task.Delay(span, timeProvider), or world.Advance in the test (reached from 'Log.Write')",
            ],
            told.Select(diagnostic => diagnostic.GetMessage(null)).Order(StringComparer.Ordinal));
    }
}
