using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Vigil.Hosting;

/// <summary>Adds what binds and checks a kind of options, and makes them anew when the configuration is reloaded.</summary>
internal static class OptionsOf<TOptions>
    where TOptions : class
{
    /// <param name="services">The services.</param>
    /// <param name="name">The name of the options.</param>
    /// <param name="create">Makes the set-up, once.</param>
    public static void Add<TSetup>(IServiceCollection services, string name, Func<IServiceProvider, TSetup> create)
        where TSetup : class, IConfigureOptions<TOptions>, IValidateOptions<TOptions>
    {
        // One object for all its services: checking needs what binding has seen.
        object key = new();
        services.AddKeyedSingleton(key, (provider, _) => create(provider));
        services.AddSingleton<IConfigureOptions<TOptions>>(provider => provider.GetRequiredKeyedService<TSetup>(key));
        services.AddSingleton<IValidateOptions<TOptions>>(provider => provider.GetRequiredKeyedService<TSetup>(key));
        services.AddSingleton<IOptionsChangeTokenSource<TOptions>>(
            provider => new ReloadSource<TOptions>(name, provider.GetService<IConfiguration>()));
    }
}
