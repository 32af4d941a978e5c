namespace Vigil;

/// <summary>The options that all kinds of events have.</summary>
public abstract class CallbackEventOptions
{
    private protected CallbackEventOptions()
    {
    }

    /// <summary>The event's name in reports; null for only its method's name. See <see cref="CallbackEvent.Name"/>.</summary>
    public string? Name { get; set; }

    /// <summary>Where the callback runs. Default: <see cref="CallbackTarget.Loop"/>.</summary>
    public CallbackTarget Target { get; set; }

    // Checked before a descriptor is opened, or any other resource taken, for the event.
    internal void Require(LoopWorkers workers)
    {
        if (Name is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(Name, "options.Name");
        }

        if (Target.IsWorker)
        {
            workers.Require(Target.Work);
        }
    }
}
