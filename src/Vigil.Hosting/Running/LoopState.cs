namespace Vigil.Hosting;

/// <summary>Where a hosted manager is in its life.</summary>
internal enum LoopState
{
    /// <summary>It exists, and its thread waits for the host to start.</summary>
    Waiting,

    /// <summary>Its loop runs.</summary>
    Running,

    /// <summary>Its run has failed, and it pauses before the next one.</summary>
    Pausing,

    /// <summary>Its loop has ended and will not run again.</summary>
    Ended,
}
