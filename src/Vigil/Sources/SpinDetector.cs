namespace Vigil.Sources;

/// <summary>
/// Stops sources that report Error or HangUp in every iteration while nobody handles it. These two are unmaskable, and a
/// loop that keeps delivering them burns a core.
/// </summary>
internal sealed class SpinDetector
{
    private readonly SourceTable _table;

    /// <param name="table">The table of the sources.</param>
    /// <param name="limit">The tolerated number of iterations in a row.</param>
    public SpinDetector(SourceTable table, int limit)
    {
        _table = table;
        Limit = limit;
    }

    /// <summary>The tolerated number of iterations in a row. On the loop.</summary>
    public int Limit { get; set; }

    /// <summary>
    /// After Error or HangUp was delivered: stops the source if it has reached the limit, and returns the measure taken, otherwise
    /// <see cref="EventManagerError.None"/>. Only what the kernel repeats can spin, so neither an edge nor a one-shot does.
    /// </summary>
    public EventManagerError StopSpinning(Source source) =>
        source.State == SourceState.Armed && Interests.IsPlainLevelTriggered(source.Interest)
        && !source.IsReportedByEdges && _table.IsRegistered(source)
            ? StopRepetition(source)
            : EventManagerError.None;

    /// <summary>As <see cref="StopSpinning"/>, for a source in the table that is silent and would repeat itself if re-armed.</summary>
    /// <returns>
    /// <see cref="EventManagerError.Spinning"/>: it was disarmed. <see cref="EventManagerError.DescriptorReplaced"/>: the kernel does not
    /// know its number any more, so a duplicate keeps its file open; it was removed.
    /// </returns>
    public EventManagerError StopRepetition(Source source)
    {
        using var fd = new BorrowedDescriptor(source.Fd);
        source.SpinTrace ??= new SpinTrace(_table.Queries, fd.Number);
        if (!source.SpinTrace.HasReached(fd.Number, Limit))
        {
            return EventManagerError.None;
        }

        // If the number was closed while a duplicate lives, it says nothing about the file that reports: the number's new file may be
        // quiet.
        bool isDead = source.State == SourceState.Armed && _table.Arming.AskKernel(source).IsOfDeadNumber;
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
                // The next iterations decide.
                return EventManagerError.None;
            }
        }

        _table.Remove(source);
        return EventManagerError.DescriptorReplaced;
    }
}
