using Compare.Peers;

namespace Compare.Rounds;

/// <summary>A process that is watched while it does nothing.</summary>
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
        // What a runtime does at its start is over by then.
        Thread.Sleep(_duration / 4);
        TimeSpan processorTime = _process.ProcessorTime;
        long wakeUps = _process.WakeUps;
        Thread.Sleep(_duration);
        return [(_process.ProcessorTime - processorTime).TotalNanoseconds, _process.WakeUps - wakeUps];
    }

    public override void Dispose() => _process.Dispose();
}
