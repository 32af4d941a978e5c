namespace Vigil;

/// <summary>The phases of an iteration, in order (docs/iteration.md).</summary>
public enum LoopPhase
{
    /// <summary>The loop waits, or is not running.</summary>
    Waiting = 0,

    /// <summary>Prepare hooks run.</summary>
    Prepare = 1,

    /// <summary>Due timers fire.</summary>
    Timers = 2,

    /// <summary>Events are delivered: of file descriptors, and then injected ones.</summary>
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
