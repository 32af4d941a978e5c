using System.Globalization;

namespace Vigil;

/// <summary>A callback, or a phase of the iteration, that took longer than its budget.</summary>
public sealed class SlowCallbackReport
{
    internal SlowCallbackReport(SlowCallbackKind kind, string manager, string callback)
    {
        Kind = kind;
        ManagerName = manager;
        Callback = callback;
    }

    /// <summary>What the report is about.</summary>
    public SlowCallbackKind Kind { get; }

    /// <summary>The name of the manager.</summary>
    public string ManagerName { get; }

    /// <summary>The subscriber whose callback it is; <c>default</c> if there is none.</summary>
    public SubscriberId SubscriberId { get; internal init; }

    /// <summary>The event whose callback it is, or null.</summary>
    public CallbackEvent? Event { get; internal init; }

    /// <summary>
    /// The method called, as <c>Type.Method</c>; for a subscriber its type's <c>Process</c>. For a phase, the method that was running when
    /// the phase was noticed; empty if there was none.
    /// </summary>
    public string Method { get; internal init; } = "";

    /// <summary>The number of the fd concerned; null where there is none.</summary>
    public int? Fd { get; internal init; }

    /// <summary>The phase of the iteration.</summary>
    public LoopPhase Phase { get; internal init; }

    /// <summary>
    /// How long it has been running, or took in total. Without <see cref="WatchdogOptions.ExactTiming"/> it counts from when it was first
    /// seen, so it may be short by up to a sampling period.
    /// </summary>
    public TimeSpan Elapsed { get; internal init; }

    /// <summary>The exceeded budget.</summary>
    public TimeSpan Budget { get; internal init; }

    /// <summary>How often the same owner exceeded its budget before. The watchdog remembers 128 owners per manager.</summary>
    public long OverrunsBefore { get; internal init; }

    /// <summary>
    /// How many of these were not reported, because they came within <see cref="WatchdogOptions.ReportInterval"/> after the last report.
    /// </summary>
    public long Suppressed { get; internal init; }

    /// <summary>The callback's description, for messages.</summary>
    internal string Callback { get; }

    /// <summary>
    /// What happened this time, without the owner's history. For the loop, since the history belongs to the watchdog's thread.
    /// </summary>
    internal string Incident
    {
        get
        {
            string elapsed = string.Create(
                CultureInfo.InvariantCulture, $"{Elapsed.TotalMilliseconds:0.###} ms (budget {Budget.TotalMilliseconds:0.###} ms)");
            string what = Kind switch
            {
                SlowCallbackKind.Running => $"{Callback} has been running for {elapsed} in phase {Phase}",
                SlowCallbackKind.Ended => $"{Callback} took {elapsed} in phase {Phase}",
                SlowCallbackKind.PhaseRunning => $"phase {Phase} has been going on for {elapsed}, now with {Callback}",
                _ => $"phase {Phase} took {elapsed}",
            };
            return $"{ManagerName}: {what}";
        }
    }

    /// <summary>One line for a log.</summary>
    public override string ToString()
    {
        string history = OverrunsBefore == 0 ? "for the first time" : $"{OverrunsBefore} times before";
        string suppressed = Suppressed == 0 ? "" : $", {Suppressed} not reported";
        return $"{Incident}, {history}{suppressed}";
    }
}
