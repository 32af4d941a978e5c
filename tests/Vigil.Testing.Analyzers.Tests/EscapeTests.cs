namespace Vigil.Testing.Analyzers.Tests;

/// <summary>What warns in simulated code, and what looks like it and does not.</summary>
public class EscapeTests
{
    [Fact]
    public Task Threads_and_the_thread_pool_are_outside_and_loops_and_workers_are_not() => Snippet.WarnsInASimulationAsync(
        """
        EventManager manager = world.CreateLoop("server").Manager;
        manager.ExecuteWork(WorkPriority.Normal, () => { });
        manager.ExecuteWork(WorkPriority.Normal, () => { Task.Run(() => { }); });                   // VIGILT001
        Task task = Task.Run(                                                                       // VIGILT001
            () => { });
        Task.Factory.StartNew(() => { });                                                           // VIGILT001
        Task.Factory.StartNew(() => { }, default, TaskCreationOptions.None, TaskScheduler.FromCurrentSynchronizationContext());
        task.ContinueWith(_ => { });                                                                // VIGILT001
        task.ContinueWith(_ => { }, TaskContinuationOptions.ExecuteSynchronously);
        task.ContinueWith(_ => { }, TaskScheduler.FromCurrentSynchronizationContext());
        new Thread(() => { }).Start();                                                              // VIGILT001
        _ = Thread.CurrentThread.ManagedThreadId;
        ThreadPool.QueueUserWorkItem(_ => { });                                                     // VIGILT001
        _ = ThreadPool.ThreadCount;
        Parallel.For(0, 10, _ => { });                                                              // VIGILT001
        _ = new[] { 1, 2 }.AsParallel().Sum();                                                      // VIGILT001
        new CancellationTokenSource().CancelAsync();                                                // VIGILT001
        new CancellationTokenSource().Cancel();
        Action<Action> start = Start;
        _ = new[] { () => { } }.Select(Task.Run).Count();                                           // VIGILT001
        static void Start(Action action) => action();
        """);

    [Fact]
    public Task The_machines_clocks_are_outside_and_the_worlds_clock_is_not() => Snippet.WarnsInASimulationAsync(
        """
        long start = Stopwatch.GetTimestamp();                                                      // VIGILT002
        var watch = Stopwatch.StartNew();                                                           // VIGILT002
        var other = new Stopwatch();                                                                // VIGILT002
        Stopwatch another = new();                                                                  // VIGILT002
        _ = watch.Elapsed;
        _ = Stopwatch.Frequency;
        _ = Environment.TickCount + Environment.TickCount64;                                        // VIGILT002 VIGILT002
        _ = Environment.ProcessorCount;
        _ = DateTime.Now;                                                                           // VIGILT002
        _ = DateTime.UtcNow.AddDays(1);                                                             // VIGILT002
        _ = DateTime.Today;                                                                         // VIGILT002
        _ = DateTime.MinValue;
        _ = DateTimeOffset.Now - DateTimeOffset.UtcNow;                                             // VIGILT002 VIGILT002
        TimeProvider time = TimeProvider.System;                                                    // VIGILT002
        _ = nameof(DateTime.Now) + nameof(Stopwatch.GetTimestamp);
        long now = world.Clock.GetTimestamp();
        _ = world.Clock.GetElapsedTime(now);
        _ = world.Clock.GetUtcNow();
        """);

    [Fact]
    public Task What_stands_in_for_a_clock_or_generator_that_was_not_given_is_no_escape() => Snippet.WarnsWhereItSaysAsync(
        """
        using Vigil.Testing;

        class Server
        {
            private readonly TimeProvider _time;
            private Random? _random;

            public Server(TimeProvider? time = null, Random? random = null)
            {
                _time = time ?? TimeProvider.System;
                _random = random;
                _random ??= Random.Shared;
                _random = random ?? new Random();
                _time = time ?? ((Clocks)new()).Other ?? TimeProvider.System;
            }
        }

        class Clocks
        {
            public TimeProvider? Other => TimeProvider.System ?? null;      // VIGILT002
        }

        class Tests
        {
            void Test() => Simulation.Run(world => _ = new Server(world.Clock));
        }
        """);

    [Fact]
    public Task Waits_that_are_given_no_clock_are_outside() => Snippet.WarnsInASimulationAsync(
        """
        TimeSpan span = TimeSpan.FromSeconds(1);
        _ = WaitAsync();
        async Task WaitAsync()
        {
            await Task.Delay(span);                                                                 // VIGILT003
            await Task.Delay(100, CancellationToken.None);                                          // VIGILT003
            await Task.Delay(span, world.Clock);
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
            await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
            Task<int> task = Task.FromResult(1);
            await task.WaitAsync(span);                                                             // VIGILT003
            await ((Task)task).WaitAsync(span, CancellationToken.None);                             // VIGILT003
            await task.WaitAsync(span, world.Clock);
            await task.WaitAsync(CancellationToken.None);
            using var ticks = new PeriodicTimer(span);                                              // VIGILT003
            using var simulated = new PeriodicTimer(span, world.Clock);
            using var timer = new Timer(_ => { }, null, span, span);                                // VIGILT003
            using var timers = new System.Timers.Timer(10);                                         // VIGILT003
            using ITimer third = world.Clock.CreateTimer(_ => { }, null, span, span);
        }
        """);

    [Fact]
    public Task A_cancellation_source_is_outside_if_its_timeout_has_no_clock() => Snippet.WarnsInASimulationAsync(
        """
        TimeSpan span = TimeSpan.FromSeconds(1);
        using var timeout = new CancellationTokenSource(span);                                      // VIGILT003
        using CancellationTokenSource other = new(100);                                             // VIGILT003
        using var simulated = new CancellationTokenSource(span, world.Clock);
        simulated.CancelAfter(span);
        using var source = new CancellationTokenSource();
        source.CancelAfter(span);                                                                   // VIGILT003
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(source.Token);
        linked.CancelAfter(100);                                                                    // VIGILT003
        linked.Cancel();
        CancelSoon(source);
        void CancelSoon(CancellationTokenSource given) => given.CancelAfter(span);
        """);

    [Fact]
    public Task A_cancellation_source_of_a_field_is_outside_if_the_field_shows_that_it_has_no_clock() => Snippet.WarnsWhereItSaysAsync(
        """
        using Vigil.Testing;

        class Server(TimeProvider time, CancellationTokenSource given)
        {
            private readonly CancellationTokenSource _own = new();
            private readonly CancellationTokenSource _simulated = new(Timeout.InfiniteTimeSpan, time);

            public void Stop()
            {
                _own.CancelAfter(10);           // VIGILT003
                _simulated.CancelAfter(10);
                given.CancelAfter(10);
            }
        }

        class Tests
        {
            void Test() => Simulation.Run(world => new Server(world.Clock, new CancellationTokenSource()).Stop());
        }
        """);

    [Fact]
    public Task Waits_that_block_would_wait_for_themselves() => Snippet.WarnsInASimulationAsync(
        """
        Thread.Sleep(10);                                                                           // VIGILT004
        Thread.Sleep(0);
        Thread.SpinWait(10);                                                                        // VIGILT004
        SpinWait.SpinUntil(() => true);                                                             // VIGILT004
        Task<int> task = TwoAsync();
        task.Wait();                                                                                // VIGILT004
        _ = task.Result;                                                                            // VIGILT004
        _ = task.GetAwaiter().GetResult();                                                          // VIGILT004
        _ = TwoAsync().Result;                                                                      // VIGILT004
        _ = TwoAsync().ConfigureAwait(false).GetAwaiter().IsCompleted;
        Task.WaitAll(TwoAsync());                                                                   // VIGILT004
        var signal = new ManualResetEvent(false);
        signal.WaitOne();                                                                           // VIGILT004
        signal.WaitOne(0);
        WaitHandle.WaitAny([signal]);                                                               // VIGILT004
        new ManualResetEventSlim().Wait();                                                          // VIGILT004
        var room = new SemaphoreSlim(1);
        room.Wait();                                                                                // VIGILT004
        room.Wait(TimeSpan.Zero);
        lock (signal)
        {
            Monitor.Wait(signal);                                                                   // VIGILT004
            Monitor.Pulse(signal);
        }

        RemoteEndpoint remote = world.CreateLoop("server").Manager.RemoteEndpoint;
        remote.CallBlocking(_ => 1);
        _ = remote.CallAsync(_ => 1);
        async Task<int> TwoAsync() => 2;
        """);

    [Fact]
    public Task The_result_of_a_task_that_has_ended_may_be_read() => Snippet.WarnsInASimulationAsync(
        """
        EventManager manager = world.CreateLoop("server").Manager;
        Task<int> first = manager.RemoteEndpoint.CallAsync(_ => 1);
        world.RunUntilEnded(first);
        Task<int> second = manager.RemoteEndpoint.CallAsync(_ => 2);
        world.RunUntil(() => second.IsCompleted);
        world.Assert(first.Result + second.Result == 3, "wrong");
        Task<int>[] tasks = [OneAsync(), OneAsync()];
        world.RunUntilEnded(Task.WhenAll(tasks));
        _ = tasks.Sum(task => task.Result) + tasks[0].Result;
        foreach (Task<int> task in tasks)
        {
            _ = task.Result;
        }

        _ = world.RunUntilEnded(SumAsync());
        async Task<int> SumAsync()
        {
            Task<int> one = OneAsync();
            Task<int> other = OneAsync();
            await Task.WhenAny([one]);
            await other.ConfigureAwait(false);
            return one.Result + other.GetAwaiter().GetResult();
        }

        async Task<int> OneAsync() => 1;
        """);

    [Fact]
    public Task The_machines_randomness_is_outside_and_what_is_seeded_is_not() => Snippet.WarnsInASimulationAsync(
        """
        _ = Random.Shared.Next();                                                                   // VIGILT005
        var random = new Random();                                                                  // VIGILT005
        Random other = new();                                                                       // VIGILT005
        _ = random.Next();
        _ = new Random(world.Random.Next(1_000)).Next();
        _ = Guid.NewGuid();                                                                         // VIGILT005
        _ = Guid.Empty;
        _ = RandomNumberGenerator.GetInt32(3);                                                      // VIGILT005
        RandomNumberGenerator? given = null;
        given?.GetBytes(new byte[4]);
        (given ?? RandomNumberGenerator.Create()).GetBytes(new byte[4]);                            // VIGILT005
        _ = Path.GetRandomFileName();                                                               // VIGILT005
        Func<Guid> create = Guid.NewGuid;                                                           // VIGILT005
        _ = world.Random.Next(3);
        """);

    [Fact]
    public Task Descriptors_of_the_kernel_are_outside_and_those_of_the_world_are_not() => Snippet.WarnsInASimulationAsync(
        """
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);                         // VIGILT006
        using var listener = new TcpListener(IPAddress.Loopback, 0);                                // VIGILT006
        using var client = new TcpClient();                                                         // VIGILT006
        using var datagrams = new UdpClient();                                                      // VIGILT006
        using var pipe = new UnixPipe();                                                            // VIGILT006
        using var pair = new UnixSocketPair();                                                      // VIGILT006
        using FdHandle reader = world.CreatePipe().Reader;
        using FdHandle listening = world.Listen(new IPEndPoint(IPAddress.Loopback, 80));
        _ = File.ReadAllText("/etc/hostname");
        """);
}
