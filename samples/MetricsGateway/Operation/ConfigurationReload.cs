using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Network;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>
/// Reads the configuration again while the gateway runs. It is a transaction: either everything in the file is in effect
/// afterwards, or all is as it was, and one line says why.
/// </summary>
/// <param name="source">Where the options come from.</param>
/// <param name="loaded">What it gave at the start.</param>
/// <param name="apply">Puts options into effect and says what changed, or throws and has changed nothing.</param>
internal sealed class ConfigurationReload(ConfigurationSource source, LoadedConfiguration loaded, Func<OptionsDifference, string> apply)
{
    private GatewayOptions _options = loaded.Options;

    // What was found when the file was read last, good or bad; null if it could not be read.
    private ReadOnlyMemory<byte>? _content = loaded.Content;

    public long Done { get; private set; }

    public long Refused { get; private set; }

    /// <summary>Reads the file because somebody asked for it.</summary>
    /// <returns>What became of it, in one line.</returns>
    public string Run() => source.Path is null ? ConsoleText.NothingToReload : Load(isAsked: true)!;

    /// <summary>Reads the file because it may have changed.</summary>
    /// <returns>What became of it, in one line; null if it holds what it held when it was read last, which has had its line.</returns>
    public string? RunIfChanged() => Load(isAsked: false);

    private string? Load(bool isAsked)
    {
        try
        {
            ReadOnlyMemory<byte>? before = _content;
            _content = null;
            byte[] content = source.Read();
            _content = content;
            if (!isAsked && before is { } known && known.Span.SequenceEqual(content))
            {
                return null;
            }

            OptionsDifference difference = new(_options, source.Resolve(content));
            string changes = apply(difference);
            _options = difference.After;
            Done++;
            return ConsoleText.Reloaded(source.Path!, changes);
        }
        catch (Exception exception) when (exception is ConfigurationException or ListenException or FlushFileException or EventManagerException)
        {
            Refused++;
            return ConsoleText.ReloadRefused(exception.Message);
        }
    }
}
