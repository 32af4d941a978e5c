using System.Diagnostics;
using Vigil;

namespace TelemetrySample;

/// <summary>Serves drinks. Its state belongs to the loop's thread; grinding takes a worker's time; brewing takes a while.</summary>
internal sealed class Kiosk
{
    /// <summary>The name of its activity source.</summary>
    public const string SourceName = "Telemetry.Kiosk";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly TimeSpan BrewingTime = TimeSpan.FromMilliseconds(20);

    private readonly EventManager _manager;
    private readonly Dictionary<string, int> _orders = new(StringComparer.Ordinal);

    public Kiosk(EventManager manager) => _manager = manager;

    /// <summary>Serves an order, which is one trace: each step goes on with it. Any thread.</summary>
    /// <returns>How many of this drink were ordered.</returns>
    public async Task<int> ServeAsync(string drink)
    {
        using Activity? order = Source.StartActivity("order");
        order?.SetTag("drink", drink);
        _manager.RemoteEndpoint.Fire((_, name) => Note(name), drink);
        await _manager.ExecuteWorkAsync(WorkPriority.Normal, () => Grind(drink));
        await _manager.RemoteEndpoint.CallAsync(Brew);
        return await _manager.RemoteEndpoint.CallAsync(_ => _orders[drink]);
    }

    private void Note(string drink) => _orders[drink] = _orders.GetValueOrDefault(drink) + 1;

    private static int Grind(string drink)
    {
        int dose = 0;
        for (int i = 0; i < 100_000; i++)
        {
            dose = HashCode.Combine(dose, drink[i % drink.Length]);
        }

        return dose;
    }

    // The timer is created within the call, so its callback is a child of the call.
    private Task Brew(EventManager manager)
    {
        TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        manager.CreateTimerEvent(BrewingTime, (_, _) => Pour(ready), new TimerEventOptions { Name = "brewing" });
        return ready.Task;
    }

    private static void Pour(TaskCompletionSource ready)
    {
        Activity.Current?.AddEvent(new ActivityEvent("poured"));
        ready.SetResult();
    }
}
