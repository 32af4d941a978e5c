using Compare.Peers;

namespace Compare.Rounds;

/// <summary>A process that is observed while it does nothing.</summary>
internal sealed class IdleSession : Session
{
    private readonly PeerProcess _process;
    private readonly TimeSpan _duration;

    public IdleSession(PeerProcess process, TimeSpan duration)
    {
        _process = process;
        _duration = duration;
        try
        {
            process.ReadFigures();
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public override double[] Measure()
    {
        // By then a runtime has finished its start: its compiler's thread ends after four seconds without work.
        Thread.Sleep(_duration / 2);
        TimeSpan processorTime = _process.ProcessorTime;
        WakeUpCounts before = _process.WakeUps;
        Thread.Sleep(_duration);
        WakeUpCounts after = _process.WakeUps;
        return [(_process.ProcessorTime - processorTime).TotalNanoseconds, after.Since(before), after.SinceWithoutFinalizer(before)];
    }

    public override void Dispose() => _process.Dispose();
}
