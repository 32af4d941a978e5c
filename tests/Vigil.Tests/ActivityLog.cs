using System.Collections.Concurrent;
using System.Diagnostics;

namespace Vigil.Tests;

/// <summary>
/// A listener to the activity source "Vigil", and a trace of its own: what belongs to other traces of the process is not logged.
/// </summary>
internal sealed class ActivityLog : IDisposable
{
    private const string OwnName = "Vigil.Tests.ActivityLog";

    private static readonly ActivitySource Own = new(OwnName);

    private readonly ActivityListener _listener;
    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();
    private readonly ConcurrentQueue<Activity> _started = new();
    private readonly ConcurrentQueue<Activity> _stopped = new();

    /// <param name="result">What it wants of the library's activities.</param>
    /// <param name="listens">False for a listener that does not listen to the library yet, but to the test's own activities.</param>
    public ActivityLog(ActivitySamplingResult result = ActivitySamplingResult.AllDataAndRecorded, bool listens = true)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is OwnName || (listens && source.Name is "Vigil"),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
            {
                if (options.Source.Name is OwnName)
                {
                    return ActivitySamplingResult.AllDataAndRecorded;
                }

                if (options.TraceId == _trace)
                {
                    Sampling?.Invoke();
                }

                return result;
            },
            ActivityStarted = activity => Log(activity, _started, Starting),
            ActivityStopped = activity => Log(activity, _stopped, Stopping),
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Called before the sample is decided.</summary>
    public Action? Sampling { get; set; }

    /// <summary>Called when an activity was started.</summary>
    public Action<Activity>? Starting { get; set; }

    /// <summary>Called when an activity was stopped.</summary>
    public Action<Activity>? Stopping { get; set; }

    public Activity[] Started => [.. _started];

    public Activity[] Stopped => [.. _stopped];

    /// <summary>The only activity, which has ended.</summary>
    public Activity Only
    {
        get
        {
            Activity only = Assert.Single(Started);
            Assert.Same(only, Assert.Single(Stopped));
            return only;
        }
    }

    /// <summary>Starts an activity of the test's, in the log's trace, and makes it the current one.</summary>
    public Activity StartParent(string name = "parent") => Own.StartActivity(
        name,
        ActivityKind.Internal,
        new ActivityContext(_trace, ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded))!;

    public void Dispose() => _listener.Dispose();

    private void Log(Activity activity, ConcurrentQueue<Activity> log, Action<Activity>? also)
    {
        if (activity.Source.Name is not OwnName && activity.TraceId == _trace)
        {
            log.Enqueue(activity);
            also?.Invoke(activity);
        }
    }
}
