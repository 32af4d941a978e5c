using MetricsGateway.Configuration;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>
/// Tells when the configuration file may have changed: by whatever way it is saved, and also where its path is a link and the file
/// that it leads to changes.
/// </summary>
/// <param name="manager">Watches.</param>
/// <param name="path">The file.</param>
/// <param name="onChange">What to call then.</param>
/// <param name="errors">Where it is said that it cannot be watched.</param>
internal sealed class ConfigurationWatch(EventManager manager, string path, Action onChange, TextWriter errors)
{
    // An editor takes several steps to save a file; the file is read when all are done.
    private static readonly FileEventOptions Settled = new() { Debounce = TimeSpan.FromMilliseconds(200), Interest = FileInterest.Contents };

    private readonly List<FileEvent> _events = [];

    /// <summary>Watches, or does not, as the options say.</summary>
    public void Apply(GatewayOptions options)
    {
        if (options.WatchConfig != _events.Count > 0)
        {
            Stop();
            if (options.WatchConfig)
            {
                Start();
            }
        }
    }

    private void Start()
    {
        try
        {
            _events.Add(manager.CreateFileEvent(path, OnChange, Settled));
            if (LinkedFile() is { } file)
            {
                _events.Add(manager.CreateFileEvent(file, OnChange, Settled));
            }
        }
        catch (EventManagerException exception)
        {
            errors.Write(ConsoleText.WatchFailed(exception.Message));
        }
    }

    private string? LinkedFile()
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // There is none now. That it comes is seen by the name.
            return null;
        }
    }

    private void Stop()
    {
        _events.ForEach(fileEvent => fileEvent.Cancel());
        _events.Clear();
    }

    private void OnChange(FileEvent source, FileChange change)
    {
        // The path may lead to another file now. What happens from here on is told anew, and what has happened until here is read.
        Stop();
        Start();
        onChange();
    }
}
