using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Vigil.Hosting;

/// <summary>Says that options are to be made anew when the configuration was reloaded; never without a configuration.</summary>
internal sealed class ReloadSource<TOptions>(string name, IConfiguration? configuration) : IOptionsChangeTokenSource<TOptions>
{
    public string? Name => name;

    public IChangeToken GetChangeToken() => configuration?.GetReloadToken() ?? new CancellationChangeToken(CancellationToken.None);
}
