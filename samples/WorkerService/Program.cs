using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using WorkerService;

// Adds the numbers that come by standard input, a line each, until it ends; then the service stops. The loop has a thread of its own, which
// the host starts before the services and stops after them. Its options are in appsettings.json.
HostApplicationBuilder builder = Host.CreateApplicationBuilder(
    new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
builder.Services.AddEventManager(options => options.Name = "adder")
    .AddSubscriber<NumberReader>()
    .AddHealthCheck()
    .AddSystemd();
builder.Services.AddHostedService<TotalPrinter>();
await builder.Build().RunAsync();
