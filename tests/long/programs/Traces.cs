using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using Vigil;

// The output of the meter and the event source in a published program: "N events, N measurements".
int events = 0;
int measurements = 0;
using var meters = new MeterListener();
meters.InstrumentPublished = (instrument, listener) =>
{
    if (instrument.Meter.Name == "Vigil")
    {
        listener.EnableMeasurementEvents(instrument);
    }
};
meters.SetMeasurementEventCallback<long>((_, _, _, _) => measurements++);
meters.SetMeasurementEventCallback<double>((_, _, _, _) => measurements++);
meters.Start();
using var listener = new Listener(() => events++);
using (var manager = new EventManager())
{
    manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => { });
    manager.RunOnce();
    meters.RecordObservableInstruments();
}

Console.WriteLine($"{events} events, {measurements} measurements");

internal sealed class Listener(Action count) : EventListener
{
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Vigil")
        {
            EnableEvents(eventSource, EventLevel.Verbose, EventKeywords.All);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData) => count?.Invoke();
}
