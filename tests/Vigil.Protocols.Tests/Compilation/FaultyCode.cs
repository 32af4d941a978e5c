namespace Compilation;

/// <summary>
/// The code with faults. Compiling takes most of the time, so faults that no scenario meets together share a compilation.
/// </summary>
internal static class FaultyCode
{
    private static readonly Lazy<ExploredCode> TornCode = new(() => ExploredCode.With(
        new PlantedFault("Mailbox.cs", "Interlocked.Exchange(ref _signals.State, Sleeping);", "_signals.State = Sleeping;"),
        new PlantedFault("Parker.cs", "Interlocked.Exchange(ref _memory[0], Ready)", "Volatile.Write(ref _memory[0], Ready)"),
        new PlantedFault(
            "UserEvent.cs",
            "long value = Interlocked.Exchange(ref _state, 0) & ~OnItsWay;",
            "long value = Volatile.Read(ref _state) & ~OnItsWay; Volatile.Write(ref _state, 0);"),
        new PlantedFault(
            "LastingCallback.cs",
            "Interlocked.CompareExchange(ref _state, Withdrawn, Queued) == Queued;",
            "Volatile.Read(ref _state) == Queued && Interlocked.Exchange(ref _state, Withdrawn) >= 0;"),
        new PlantedFault(
            "WorkQueue.cs",
            "_gate.Enter();\n        try\n        {\n            return TryTakeBest",
            "try\n        {\n            return TryTakeBest")));

    private static readonly Lazy<ExploredCode> IncompleteCode = new(() => ExploredCode.With(
        new PlantedFault("Mailbox.cs", "_queue.Seal();", ""),
        new PlantedFault("Mailbox.cs", "Interlocked.Exchange(ref _signals.Kicked, 1);", ""),
        new PlantedFault("MailboxScenarios.cs", "Waker.AwaitEdgeBriefly();", "Waker.AwaitEdge();"),
        new PlantedFault("WorkQueue.cs", "Array.ForEach(_shared, line => line.Seal());", ""),
        new PlantedFault(
            "BlockingCall.cs",
            "parker.Prepare();\n            if (Volatile.Read(ref _state) == Done)",
            "bool isDone = Volatile.Read(ref _state) == Done;\n            parker.Prepare();\n            if (isDone)")));

    /// <summary>
    /// Steps without their fence, or in two parts: the mailbox's falling asleep, the parker's preparation, a user event's value, a
    /// callback's withdrawal, the taking from a work queue without its gate.
    /// </summary>
    public static ExploredCode Torn => TornCode.Value;

    /// <summary>
    /// Steps that are left out or in the wrong order: no seal, no memory of a kick, a brief sleep without its limit, a caller's last look
    /// before it prepares to sleep.
    /// </summary>
    public static ExploredCode Incomplete => IncompleteCode.Value;
}
