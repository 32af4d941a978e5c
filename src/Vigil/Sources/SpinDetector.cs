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
    /// After a source was told of Error or HangUp: what was done about it if that was once too often, and <see
    /// cref="EventManagerError.None"/> otherwise.
    /// Only what the kernel repeats can spin: neither an edge nor a one-shot does.
    /// </summary>
    public EventManagerError StopSpinning(Source source) =>
        source.State == SourceState.Armed && Interests.IsPlainLevelTriggered(source.Interest)
        && !source.IsReportedByEdges && _table.IsRegistered(source)
            ? StopRepetition(source)
            : EventManagerError.None;

    /// <summary>As <see cref="StopSpinning"/>, of a source in the table that is silent and would be armed again, and so repeat
    /// itself.</summary>
    /// <returns>
    /// <see cref="EventManagerError.Spinning"/>: it was disarmed. <see cref="EventManagerError.DescriptorReplaced"/>: the kernel does not
    /// know its number any more,
    /// so a duplicate keeps its file open, and it was removed.
    /// </returns>
    public EventManagerError StopRepetition(Source source)
    {
        using var fd = new BorrowedDescriptor(source.Fd);
        source.SpinTrace ??= new SpinTrace(fd.Number);
        if (!source.SpinTrace.HasReached(fd.Number, _limit))
        {
            return EventManagerError.None;
        }

        // A number that was closed while a duplicate lives says nothing of the file that reports: what the number is now may be quiet for
        // ever.
        bool isDead = source.State == SourceState.Armed && !_table.Arming.IsKnownToKernel(source);
        if (!isDead && !source.SpinTrace.Lasts(fd.Number))
        {
            return EventManagerError.None;
        }

        if (!isDead)
        {
            SourceResult result = _table.Arming.Disarm(source);
            if (result.IsSuccess)
            {
                return EventManagerError.Spinning;
            }

            if (!result.IsOfDeadNumber)
            {
                // The next turns decide.
                return EventManagerError.None;
            }
        }

        _table.Remove(source);
        return EventManagerError.DescriptorReplaced;
    }
}
