using Microsoft.Extensions.Logging;
using Vigil;

namespace VigilWorker;

/// <summary>
/// Counts the seconds. Everything in it belongs to the loop's thread, so there are no locks. Replace it by what the service does: register
/// file descriptors in <see cref="Initialize"/>, and handle them in <see cref="Process"/>.
/// </summary>
internal sealed partial class Ticker(EventManager manager, ILogger<Ticker> logger) : IEventSubscriber
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public int Ticks { get; private set; }

    public void Initialize(EventOps ops) => manager.CreateTimerEvent(Second, Second, OnTick);

    public void Process(in Events events, EventOps ops)
    {
    }

    private void OnTick(TimerEvent timer, TimerTick tick)
    {
        Ticks++;
        LogTick(Ticks);
    }

    [LoggerMessage(1, LogLevel.Information, "Second {Ticks}")]
    private partial void LogTick(int ticks);
}
