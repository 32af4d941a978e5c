using System.Numerics;
using System.Runtime.CompilerServices;
using Exploration;

// Types of the framework as the explorer knows them. In files of the namespace Vigil their names are found before those of
// System.Threading.
namespace Vigil;

internal static class Volatile
{
    public static T Read<T>(ref readonly T location, [CallerArgumentExpression(nameof(location))] string name = "") =>
        Memory.Load(ref Unsafe.AsRef(in location), name, isShared: true);

    public static void Write<T>(ref T location, T value, [CallerArgumentExpression(nameof(location))] string name = "") =>
        Memory.Store(ref location, value, name, isShared: true);
}

internal static class Interlocked
{
    public static T Exchange<T>(ref T location, T value, [CallerArgumentExpression(nameof(location))] string name = "") =>
        Memory.Change(ref location, _ => (value, true), name);

    public static T CompareExchange<T>(
        ref T location, T value, T comparand, [CallerArgumentExpression(nameof(location))] string name = "") =>
        Memory.Change(ref location, found => (value, EqualityComparer<T>.Default.Equals(found, comparand)), name);

    public static T Increment<T>(ref T location, [CallerArgumentExpression(nameof(location))] string name = "")
        where T : IBinaryInteger<T> => Memory.Change(ref location, found => (found + T.One, true), name) + T.One;

    public static T Decrement<T>(ref T location, [CallerArgumentExpression(nameof(location))] string name = "")
        where T : IBinaryInteger<T> => Memory.Change(ref location, found => (found - T.One, true), name) - T.One;

    public static T Or<T>(ref T location, T value, [CallerArgumentExpression(nameof(location))] string name = "")
        where T : IBinaryInteger<T> => Memory.Change(ref location, found => (found | value, true), name);

    public static void MemoryBarrier() => Memory.Fence();
}

/// <summary>What the shipped files use of a thread.</summary>
internal sealed class Thread
{
    public static Thread CurrentThread { get; } = new();

    // A pause that the loop around it counts: it gives up after some rounds, so it does not wait for anybody.
    public static void SpinWait(int iterations) => _ = iterations;

    // No thread of a scenario is interrupted.
    public void Interrupt() => throw new InvalidOperationException("A thread was interrupted.");
}

/// <summary>A loop that goes on until another thread has done something.</summary>
internal struct SpinWait
{
    public int Count { get; private set; }

    public void SpinOnce(int sleep1Threshold)
    {
        _ = sleep1Threshold;
        Count++;
        Memory.Spin();
    }
}

/// <summary>A lock. Taking and releasing it are full fences, as those of the framework's are.</summary>
internal sealed class Lock
{
    private int _isTaken;

    public Scope EnterScope()
    {
        Memory.AwaitAndChange(ref _isTaken, taken => taken == 0, _ => (1, true), "a lock");
        return new Scope(this);
    }

    public bool TryEnter() => Memory.Change(ref _isTaken, taken => (1, taken == 0), "a lock") == 0;

    public void Exit() => Memory.Change(ref _isTaken, _ => (0, true), "a lock");

    public readonly ref struct Scope(Lock entered)
    {
        public void Dispose() => entered.Exit();
    }
}
