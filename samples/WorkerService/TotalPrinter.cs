using Microsoft.Extensions.Hosting;
using Vigil;

namespace WorkerService;

/// <summary>Asks the loop for the total when the service stops: the loop is still there while services stop.</summary>
internal sealed class TotalPrinter(EventManager manager, NumberReader reader) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken) =>
        Console.WriteLine($"total {await manager.RemoteEndpoint.CallAsync(_ => reader.Total, cancellationToken)}");
}
