namespace Vigil.Testing.Tests.Models;

/// <summary>Who is called back.</summary>
internal sealed class ModelOwner(CallbackKind kind, int index)
{
    public CallbackKind Kind { get; } = kind;

    public int Index { get; } = index;

    public bool IsGone { get; set; }

    public override string ToString() => $"{Kind} {Index}";
}

/// <summary>A number that an owner has registered.</summary>
internal sealed class ModelRegistration(ModelOwner owner, ModelHandle handle, bool byNumber, DispatchPriority priority, bool onWorker)
{
    private long _arrivals;
    private long _breaks;
    private long _changes;

    public ModelOwner Owner { get; } = owner;

    public int Number { get; } = handle.Number;

    /// <summary>The handle that is its identity; null if it was registered by number.</summary>
    public ModelHandle? Handle { get; } = byNumber ? null : handle;

    /// <summary>The open file that the kernel watches under its number.</summary>
    public ModelFile File { get; set; } = handle.File;

    public DispatchPriority Priority { get; } = priority;

    public bool OnWorker { get; } = onWorker;

    public EventSet Interest { get; set; }

    public uint Data { get; set; }

    public SourceState State { get; set; }

    public bool IsHandleClosed => Handle is { IsClosed: true };

    /// <summary>What the kernel has reported for this iteration and is not delivered yet: what must come, and what may.</summary>
    public (EventSet Must, EventSet May)? Pending { get; set; }

    /// <summary>What its callback on a worker was sent.</summary>
    public (EventSet Must, EventSet May)? Sent { get; set; }

    /// <summary>Whether it was modified, armed or disarmed in this iteration.</summary>
    public bool HasChanged { get; set; }

    /// <summary>Its callback on a worker has ended, and the loop does not know yet.</summary>
    public bool HasEnded { get; set; }

    /// <summary>The kernel looks at it again, whatever it has reported before.</summary>
    public bool IsRearmed { get; set; } = true;

    /// <summary>What a wait of the kernel reports now.</summary>
    public (EventSet Must, EventSet May) Poll()
    {
        if (State != SourceState.Armed || !File.IsOpen)
        {
            return default;
        }

        (EventSet must, EventSet may) = File.Ready();
        EventSet kinds = Interest | EventSet.Error | EventSet.HangUp;
        if ((Interest & EventSet.EdgeTriggered) != EventSet.None)
        {
            bool isEdge = IsRearmed || _breaks != File.Breaks
                || (_arrivals != File.Arrivals && (Interest & EventSet.In) != EventSet.None);
            may = isEdge || _changes != File.Changes ? must | may : EventSet.None;
            must = isEdge ? must : EventSet.None;
        }

        (_arrivals, _breaks, _changes, IsRearmed) = (File.Arrivals, File.Breaks, File.Changes, false);
        return (must & kinds, (must | may) & kinds);
    }

    public override string ToString() => $"{Owner}'s registration of fd {Number} ({Interest}, {State})";
}
