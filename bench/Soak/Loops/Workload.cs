using Vigil;

namespace Soak.Loops;

/// <summary>One kind of things that a loop does, in rounds: it starts, stops making anything new, ends what it has, and says whether all of
/// it happened exactly as often as it should. Everything is called on the loop.</summary>
internal abstract class Workload
{
    private TimerEvent? _pulse;

    protected Workload(Random random, Findings findings)
    {
        Random = random;
        Findings = findings;
    }

    /// <summary>What is done, for the report.</summary>
    public abstract string Name { get; }

    /// <summary>How often it was done.</summary>
    public abstract long Count { get; }

    /// <summary>Null if nothing is outstanding, otherwise what is.</summary>
    public abstract string? Outstanding { get; }

    protected Random Random { get; }

    protected Findings Findings { get; }

    protected abstract TimeSpan Pace { get; }

    public void Start(EventManager manager)
    {
        OnStart(manager);
        _pulse = manager.CreateTimerEvent(Pace, Pace, (timer, _) => Step(timer.Manager));
    }

    /// <summary>Makes nothing new from now on.</summary>
    public void Stop()
    {
        _pulse?.Dispose();
        _pulse = null;
        OnStop();
    }

    /// <summary>Ends what is left, and adds what is wrong. Only when nothing is outstanding.</summary>
    public abstract void Finish();

    protected abstract void OnStart(EventManager manager);

    protected abstract void Step(EventManager manager);

    protected abstract void OnStop();

    protected TimeSpan Between(int least, int most) => TimeSpan.FromMilliseconds(Random.Next(least, most + 1));
}
