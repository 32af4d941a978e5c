using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using TelemetrySample;
using Vigil;

// The exporters take their settings from the environment, as OpenTelemetry prescribes:
// OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf dotnet run --project samples/Telemetry
if (!Uri.IsWellFormedUriString(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"), UriKind.Absolute))
{
    Console.Error.WriteLine("Set OTEL_EXPORTER_OTLP_ENDPOINT to a collector's address, for example http://localhost:4317.");
    return 2;
}

// A manager's figures are shown while it exists, so it outlives the providers, which send what is left when they are disposed.
using var manager = new EventManager(new EventManagerOptions { Name = "kiosk" });
ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("vigil-kiosk");
using (Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource("Vigil", Kiosk.SourceName).AddOtlpExporter().Build())
using (Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter("Vigil").AddOtlpExporter().Build())
{
    var loop = new Thread(() => manager.Run()) { Name = "loop" };
    loop.Start();
    var kiosk = new Kiosk(manager);
    foreach (string drink in new[] { "espresso", "lungo", "espresso" })
    {
        Console.WriteLine($"{drink}: {await kiosk.ServeAsync(drink)}");
    }

    manager.Stop();
    loop.Join();
}

Console.WriteLine("sent");
return 0;
