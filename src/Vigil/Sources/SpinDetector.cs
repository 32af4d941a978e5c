namespace Vigil.Sources;

/// <summary>
/// Stops sources that report Error or HangUp turn after turn while nobody does anything about it: those two cannot be masked, and a
/// loop that goes on delivering them burns a core.
/// </summary>
internal sealed class SpinDetector
{
    private readonly SourceTable _table;
    private readonly int _limit;

    /// <param name="table">Where the sources are.</param>
    /// <param name="limit">How many turns in a row are put up with.</param>
    public SpinDetector(SourceTable table, int limit)
    {
        _table = table;
        _limit = limit;
    }

    /// <summary>
    /// After a source was told of Error or HangUp: whether that was once too often, in which case it has been disarmed.
    /// Only what the kernel repeats can spin: neither an edge nor a one-shot does.
    /// </summary>
    public bool StopsSpinning(Source source) =>
        source.State == SourceState.Armed && Interests.IsPlainLevelTriggered(source.Interest) && _table.IsRegistered(source) && StopsRepetition(source);

    /// <summary>As <see cref="StopsSpinning"/>, of a source in the table that is silent and would be armed again, and so repeat itself.</summary>
    public bool StopsRepetition(Source source)
    {
        using var fd = new BorrowedDescriptor(source.Fd);
        source.SpinTrace ??= new SpinTrace(fd.Number);
        return source.SpinTrace.IsSpinning(fd.Number, _limit) && _table.Arming.Disarm(source).IsSuccess;
    }
}
