namespace Vigil;

/// <summary>The part of an iteration that a loop is in, in the order in which they come (docs/iteration.md).</summary>
public enum LoopPhase
{
    /// <summary>It waits, or nothing runs it.</summary>
    Waiting = 0,

    /// <summary>Prepare hooks run.</summary>
    Prepare = 1,

    /// <summary>Timers that are due fire.</summary>
    Timers = 2,

    /// <summary>What is ready is delivered: file descriptors, and after them what was injected.</summary>
    Sources = 3,

    /// <summary>Posted closures, signals, user events and continuations run.</summary>
    Mailbox = 4,

    /// <summary>Deferred callbacks run.</summary>
    Deferred = 5,

    /// <summary>Check hooks run.</summary>
    Check = 6,

    /// <summary>Idle hooks run.</summary>
    Idle = 7,

    /// <summary>The run was stopped, and its exit callbacks run.</summary>
    Exit = 8,
}
