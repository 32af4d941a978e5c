using System.Runtime.CompilerServices;

namespace Exploration;

/// <summary>
/// The accesses to memory of an explored program: what plain accesses, <c>Volatile</c>, <c>Interlocked</c> and system calls turn into.
/// Outside of an exploration they are what they look like.
/// </summary>
internal static unsafe class Memory
{
    /// <summary>A load.</summary>
    /// <param name="location">The place.</param>
    /// <param name="name">What the program calls it.</param>
    /// <param name="isShared">Whether other threads are known to change it meanwhile; if not, the explorer finds out.</param>
    public static T Load<T>(ref T location, string name, bool isShared = false)
    {
        if (SimulatedThread.Current is not { } thread)
        {
            return location;
        }

        return thread.Execution.Load((T*)Unsafe.AsPointer(ref location), thread, name, isShared);
    }

    /// <summary>A store. Other threads see it later.</summary>
    public static T Store<T>(ref T location, T value, string name, bool isShared = false)
    {
        if (SimulatedThread.Current is not { } thread)
        {
            location = value;
        }
        else
        {
            thread.Execution.Store((T*)Unsafe.AsPointer(ref location), value, thread, name, isShared);
        }

        return value;
    }

    /// <summary>Replaces the value in one step that no other access comes between. A full fence.</summary>
    /// <param name="location">The place.</param>
    /// <param name="change">From the value found there to the new one, and whether that is stored.</param>
    /// <param name="name">What the program calls it.</param>
    /// <returns>The value found.</returns>
    public static T Change<T>(ref T location, Func<T, (T Value, bool IsStored)> change, string name)
    {
        if (SimulatedThread.Current is { } thread)
        {
            return thread.Execution.Change((T*)Unsafe.AsPointer(ref location), change, thread, name, isReady: null);
        }

        T found = location;
        (T value, bool isStored) = change(found);
        location = isStored ? value : found;
        return found;
    }

    /// <summary>As <see cref="Change"/>, once the value in memory permits it; until then the thread sleeps.</summary>
    public static T AwaitAndChange<T>(ref T location, Func<T, bool> isReady, Func<T, (T Value, bool IsStored)> change, string name)
    {
        if (SimulatedThread.Current is not { } thread)
        {
            return Change(ref location, change, name);
        }

        var place = (T*)Unsafe.AsPointer(ref location);
        return thread.Execution.Change(place, change, thread, name, () => isReady(*place));
    }

    /// <summary>Within <see cref="Change"/>: reads a second place in the same step.</summary>
    public static T Peek<T>(ref T location, string name) => SimulatedThread.Current is { } thread
        ? thread.Execution.Peek((T*)Unsafe.AsPointer(ref location), thread, name)
        : location;

    /// <summary>A full fence: goes on when all stores of this thread are in memory.</summary>
    public static void Fence()
    {
        if (SimulatedThread.Current is { } thread)
        {
            thread.Execution.Fence(thread);
        }
    }

    /// <summary>
    /// A round of a loop that waits for another thread. A round that would read again what the last one read changes nothing, so the thread
    /// goes on only when something of that has changed.
    /// </summary>
    public static void Spin()
    {
        if (SimulatedThread.Current is { } thread)
        {
            thread.Execution.Spin(thread);
        }
    }

    /// <summary>
    /// Between two operations: all that the thread remembers is this digest. What it read before makes no difference any more.
    /// </summary>
    public static void Rest(UInt128 remembered)
    {
        if (SimulatedThread.Current is { } thread)
        {
            thread.Execution.Rest(thread, remembered);
        }
    }
}
