using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using VigilWorker;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(
    new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });

// The loop starts before the services of the host and stops after them. Its options are in appsettings.json.
builder.Services.AddEventManager(options => options.Name = "VigilWorker")
    .AddSubscriber<Ticker>()
    .AddHealthCheck()
    .AddSystemd();
await builder.Build().RunAsync();
