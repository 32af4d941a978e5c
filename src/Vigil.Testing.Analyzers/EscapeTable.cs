using Microsoft.CodeAnalysis;
using static Vigil.Testing.Analyzers.EscapeConditions;

namespace Vigil.Testing.Analyzers;

/// <summary>The members by which code leaves a simulation. docs/testing.md has the same list for users.</summary>
internal static class EscapeTable
{
    private const string Tasks = "System.Threading.Tasks.";
    private const string Awaiters = "System.Runtime.CompilerServices.";

    private const string Work = "EventManager.ExecuteWork, or an asynchronous method on the loop";
    private const string Loops = "world.CreateLoop and world.CreatePool";
    private const string Stamp = "GetTimestamp and GetElapsedTime of the TimeProvider (EventManager.TimeProvider, world.Clock)";
    private const string Date = "GetUtcNow or GetLocalNow of the TimeProvider (EventManager.TimeProvider, world.Clock)";
    private const string Provider = "the loop's TimeProvider (EventManager.TimeProvider, world.Clock)";
    private const string Overload = "the overload with a TimeProvider (EventManager.TimeProvider, world.Clock)";
    private const string Timers =
        "CreateTimer of the TimeProvider (EventManager.TimeProvider, world.Clock), or EventManager.CreateTimerEvent";
    private const string Source = "new CancellationTokenSource(span, timeProvider), whose CancelAfter goes by that clock";
    private const string Ended = "await, or world.RunUntilEnded in the test";
    private const string Condition = "await, or world.RunUntil in the test";
    private const string Pause = "await Task.Delay(span, timeProvider), or world.Advance in the test";
    private const string Identifiers = "16 bytes of world.Random, or identifiers that the program is given";
    private const string Random = "world.Random, or a generator that the program is given";
    private const string Sockets = "world.Listen, TryConnect or CreateSocketPair";
    private const string Pipes = "world.CreatePipe or CreateSocketPair";

    private const string Ctor = WellKnownMemberNames.InstanceConstructorName;

    public static readonly IReadOnlyList<Escape> All =
    [
        new(Warnings.Thread, Tasks + "Task", ["Run"], Work),
        new(Warnings.Thread, Tasks + "Task", ["ContinueWith"], "await", UsesThePool),
        new(Warnings.Thread, Tasks + "Task`1", ["ContinueWith"], "await", UsesThePool),
        new(Warnings.Thread, Tasks + "TaskFactory", ["StartNew"], Work, UsesThePool),
        new(Warnings.Thread, Tasks + "TaskFactory`1", ["StartNew"], Work, UsesThePool),
        new(Warnings.Thread, Tasks + "Parallel", [], Work),
        new(Warnings.Thread, "System.Linq.ParallelEnumerable", ["AsParallel"], Work),
        new(Warnings.Thread, "System.Threading.Thread", [Ctor], Loops),
        new(Warnings.Thread, "System.Threading.CancellationTokenSource", ["CancelAsync"], "Cancel"),
        new(
            Warnings.Thread,
            "System.Threading.ThreadPool",
            [
                "QueueUserWorkItem", "UnsafeQueueUserWorkItem", "UnsafeQueueNativeOverlapped", "RegisterWaitForSingleObject",
                "UnsafeRegisterWaitForSingleObject",
            ],
            Work),

        new(Warnings.Clock, "System.Diagnostics.Stopwatch", [Ctor, "StartNew", "GetTimestamp", "GetElapsedTime"], Stamp),
        new(Warnings.Clock, "System.Environment", ["TickCount", "TickCount64"], Stamp),
        new(Warnings.Clock, "System.DateTime", ["Now", "UtcNow", "Today"], Date, IsNoDefault),
        new(Warnings.Clock, "System.DateTimeOffset", ["Now", "UtcNow"], Date, IsNoDefault),
        new(Warnings.Clock, "System.TimeProvider", ["System"], Provider, IsNoDefault),

        new(Warnings.Wait, Tasks + "Task", ["Delay", "WaitAsync"], Overload, HasNoTimeProvider),
        new(Warnings.Wait, Tasks + "Task`1", ["WaitAsync"], Overload, HasNoTimeProvider),
        new(Warnings.Wait, "System.Threading.PeriodicTimer", [Ctor], Overload, HasNoTimeProvider),
        new(Warnings.Wait, "System.Threading.CancellationTokenSource", [Ctor], Overload, HasNoTimeProvider),
        new(Warnings.Wait, "System.Threading.CancellationTokenSource", ["CancelAfter"], Source, IsOfASourceWithoutClock),
        new(Warnings.Wait, "System.Threading.Timer", [Ctor], Timers),
        new(Warnings.Wait, "System.Timers.Timer", [Ctor], Timers),

        new(Warnings.Block, "System.Threading.Thread", ["Sleep"], Pause, MayWait),
        new(Warnings.Block, "System.Threading.Thread", ["Join"], Ended, MayWait),
        new(Warnings.Block, "System.Threading.Thread", ["SpinWait"], Pause),
        new(Warnings.Block, "System.Threading.SpinWait", ["SpinOnce", "SpinUntil"], Condition),
        new(Warnings.Block, Tasks + "Task", ["Wait"], Ended, MayHaveToWait),
        new(Warnings.Block, Tasks + "Task", ["WaitAll", "WaitAny"], Ended),
        new(Warnings.Block, Tasks + "Task`1", ["Result"], Ended, MayHaveToWait),
        new(Warnings.Block, Tasks + "ValueTask`1", ["Result"], Ended, MayHaveToWait),
        new(Warnings.Block, Awaiters + "TaskAwaiter", ["GetResult"], Ended, MayHaveToWait),
        new(Warnings.Block, Awaiters + "TaskAwaiter`1", ["GetResult"], Ended, MayHaveToWait),
        new(Warnings.Block, Awaiters + "ValueTaskAwaiter", ["GetResult"], Ended, MayHaveToWait),
        new(Warnings.Block, Awaiters + "ValueTaskAwaiter`1", ["GetResult"], Ended, MayHaveToWait),
        new(Warnings.Block, "System.Threading.Monitor", ["Wait"], Condition, MayWait),
        new(Warnings.Block, "System.Threading.WaitHandle", ["WaitOne", "WaitAll", "WaitAny", "SignalAndWait"], Condition, MayWait),
        new(Warnings.Block, "System.Threading.ManualResetEventSlim", ["Wait"], Condition, MayWait),
        new(Warnings.Block, "System.Threading.SemaphoreSlim", ["Wait"], "await of WaitAsync", MayWait),
        new(Warnings.Block, "System.Threading.CountdownEvent", ["Wait"], Condition, MayWait),
        new(Warnings.Block, "System.Threading.Barrier", ["SignalAndWait"], Condition, MayWait),

        new(Warnings.Randomness, "System.Random", [Ctor], Random + "; with a seed of the world's, a Random repeats", HasNoArgument),
        new(Warnings.Randomness, "System.Random", ["Shared"], Random, IsNoDefault),
        new(Warnings.Randomness, "System.Guid", ["NewGuid", "CreateVersion7"], Identifiers),
        new(Warnings.Randomness, "System.Security.Cryptography.RandomNumberGenerator", [], Random, IsStatic),
        new(Warnings.Randomness, "System.IO.Path", ["GetRandomFileName"], Random),

        new(Warnings.Descriptor, "System.Net.Sockets.Socket", [Ctor], Sockets),
        new(Warnings.Descriptor, "System.Net.Sockets.TcpClient", [Ctor], Sockets),
        new(Warnings.Descriptor, "System.Net.Sockets.TcpListener", [Ctor, "Create"], Sockets),
        new(Warnings.Descriptor, "System.Net.Sockets.UdpClient", [Ctor], Sockets),
        new(Warnings.Descriptor, "System.IO.Pipes.AnonymousPipeServerStream", [Ctor], Pipes),
        new(Warnings.Descriptor, "System.IO.Pipes.NamedPipeServerStream", [Ctor], Pipes),
        new(Warnings.Descriptor, "System.IO.Pipes.NamedPipeClientStream", [Ctor], Pipes),
        new(Warnings.Descriptor, "Vigil.IO.UnixPipe", [Ctor], Pipes),
        new(Warnings.Descriptor, "Vigil.IO.UnixSocketPair", [Ctor], Pipes),
    ];
}
