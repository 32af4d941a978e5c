namespace Vigil.Testing.Tests.Models;

/// <summary>
/// One operation of a random program. Files, subscribers, events, timers and signals have small numbers (<see cref="Bounds"/>). An
/// operation whose object does not exist is skipped or refused, so that every part of a program is a program, too.
/// </summary>
internal abstract record Operation;

/// <summary>Opens both ends of a pair again, if both are closed.</summary>
internal sealed record OpenPair(int Pair) : Operation;

/// <summary>Closes an end, registered or not. A socket is emptied first, so that its peer is not reset.</summary>
internal sealed record Close(int End) : Operation;

/// <summary>Gives an end's file a second number.</summary>
internal sealed record Duplicate(int End) : Operation;

internal sealed record CloseDuplicate(int End) : Operation;

internal sealed record Write(int End, int Count) : Operation;

internal sealed record Read(int End, int Count) : Operation;

/// <summary>Writes until there is no more room.</summary>
internal sealed record Fill(int End) : Operation;

internal sealed record ShutdownWrite(int End) : Operation;

/// <summary>Adds a subscriber, whose Initialize registers an end (−1: none), and may throw.</summary>
internal sealed record Subscribe(int Subscriber, DispatchPriority Priority, int End = -1, bool Throws = false) : Operation;

internal sealed record Unsubscribe(int Subscriber) : Operation;

internal sealed record Add(int Subscriber, int End, EventSet Interest, bool ByNumber = false) : Operation;

internal sealed record Modify(int Subscriber, int End, EventSet Interest) : Operation;

internal sealed record AddInterest(int Subscriber, int End, EventSet Flags) : Operation;

internal sealed record RemoveInterest(int Subscriber, int End, EventSet Flags) : Operation;

internal sealed record Remove(int Subscriber, int End) : Operation;

internal sealed record Disarm(int Subscriber, int End) : Operation;

internal sealed record Arm(int Subscriber, int End) : Operation;

internal sealed record Inject(int Subscriber, int End, EventSet Kinds) : Operation;

/// <summary>Creates a socket event.</summary>
internal sealed record Register(
    int Event,
    int End,
    EventSet Interest,
    DispatchPriority Priority = DispatchPriority.Normal,
    bool ByNumber = false,
    bool OnWorker = false) : Operation;

internal sealed record ModifyEvent(int Event, EventSet Interest) : Operation;

internal sealed record DisarmEvent(int Event) : Operation;

internal sealed record ArmEvent(int Event) : Operation;

internal sealed record CancelEvent(int Event) : Operation;

/// <summary>Creates a timer; times are in milliseconds.</summary>
internal sealed record StartTimer(int Timer, int Due, int Period = 0, MissedTickPolicy MissedTicks = MissedTickPolicy.Skip) : Operation;

internal sealed record ChangeTimer(int Timer, int Due) : Operation;

internal sealed record SuspendTimer(int Timer) : Operation;

internal sealed record ResumeTimer(int Timer) : Operation;

internal sealed record CancelTimer(int Timer) : Operation;

/// <summary>Fires a closure, which does something.</summary>
internal sealed record Post(Operation? Then = null) : Operation;

internal sealed record Defer(Operation? Then = null) : Operation;

internal sealed record CreateSignal(int Signal) : Operation;

internal sealed record CancelSignal(int Signal) : Operation;

/// <summary>Sends the signal to the process, and iterates until all its callbacks were called.</summary>
internal sealed record Raise : Operation;

/// <summary>Moves the clock, by milliseconds.</summary>
internal sealed record Advance(int Milliseconds) : Operation;

/// <summary>Runs iterations.</summary>
internal sealed record Iterate(int Times = 1) : Operation;

/// <summary>Runs the callbacks that wait for a worker.</summary>
internal sealed record RunWork : Operation;

/// <summary>The next callback of an object also does something.</summary>
internal sealed record InCallback(CallbackKind Of, int Index, Operation Then) : Operation;

/// <summary>In a callback: it throws at its end.</summary>
internal sealed record Throw : Operation;

/// <summary>Disposes the manager, which ends the program.</summary>
internal sealed record DisposeManager : Operation;

/// <summary>Whose callback.</summary>
internal enum CallbackKind
{
    Subscriber,
    Event,
    Timer,
    Signal,
}

/// <summary>How many objects of each kind a program has.</summary>
internal static class Bounds
{
    public const int Pairs = 3;

    /// <summary>The pair of sockets; the others are pipes, whose even end reads.</summary>
    public const int SocketPair = 2;

    public const int Ends = 2 * Pairs;
    public const int Subscribers = 2;
    public const int Events = 3;
    public const int Timers = 3;
    public const int Signals = 2;
}

/// <summary>A program, with the fault policy of its manager.</summary>
internal sealed record ModelProgram(FaultPolicy Policy, IReadOnlyList<Operation> Operations);
