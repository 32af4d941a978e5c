using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Vigil.Hosting.Tests;

/// <summary>Managers in ASP.NET Core.</summary>
public class WebTests
{
    [Fact]
    public async Task A_web_application_answers_from_the_loop_and_reports_its_health_until_it_has_stopped()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddWorkerPool();
        builder.Services.AddEventManager("devices").AddHealthCheck();
        builder.Services.AddEventManager("clients").AddHealthCheck();
        await using WebApplication application = builder.Build();
        application.MapHealthChecks("/health");
        application.MapGet("/thread", ([FromKeyedServices("devices")] EventManager manager) =>
            manager.RemoteEndpoint.CallAsync(_ => Thread.CurrentThread.Name));
        await application.StartAsync(TestContext.Current.CancellationToken).Within();
        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        using var client = new HttpClient { BaseAddress = new Uri(address) };

        Assert.Equal("devices", await client.GetStringAsync(new Uri("/thread", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Equal("Healthy", await client.GetStringAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken));
        EventManager devices = application.Services.GetRequiredKeyedService<EventManager>("devices");
        await application.StopAsync(TestContext.Current.CancellationToken).Within();
        Assert.Throws<ObjectDisposedException>(() => devices.RemoteEndpoint.Fire(_ => { }));
    }
}
