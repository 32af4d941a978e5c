using MetricsGateway.Configuration;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>
/// Tells when the configuration file may have changed: by whatever way it is saved, and also where its path is a link and the file
/// that it leads to changes. Where it cannot be watched, for want of descriptors or of the kernel's watches, it is tried again until it can, and
/// then counts as changed.
/// </summary>
/// <param name="manager">Watches.</param>
/// <param name="path">The file.</param>
/// <param name="onChange">What to call then.</param>
/// <param name="errors">Where it is said, once each time, that it cannot be watched, and that it is again.</param>
internal sealed class ConfigurationWatch(EventManager manager, string path, Action onChange, TextWriter errors)
{
    // An editor takes several steps to save a file; the file is read when all are done.
    private static readonly FileEventOptions Settled = new() { Debounce = TimeSpan.FromMilliseconds(200), Interest = FileInterest.Contents };

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    private readonly List<FileEvent> _events = [];
    private TimerEvent? _retry;
    private TimeSpan _delay;
    private bool _isOn;

    /// <summary>Watches, or does not, as the options say.</summary>
    public void Apply(GatewayOptions options)
    {
        if (options.WatchConfig == _isOn)
        {
            return;
        }

        Stop();
        _isOn = options.WatchConfig;
        if (_isOn && !TryStart(out string? reason))
        {
            BeginTrying(reason);
        }
    }

    private bool TryStart(out string? reason)
    {
        reason = null;
        try
        {
            _events.Add(manager.CreateFileEvent(path, OnChange, Settled));
            if (LinkedFile() is { } file)
            {
                _events.Add(manager.CreateFileEvent(file, OnChange, Settled));
            }

            return true;
        }
        catch (EventManagerException exception)
        {
            StopEvents();
            reason = exception.Message;
            return false;
        }
    }

    private void BeginTrying(string? reason)
    {
        errors.Write(ConsoleText.WatchFailed(reason!));
        _delay = FirstDelay;
        _retry = manager.CreateTimerEvent(_delay, Timeout.InfiniteTimeSpan, TryAgain);
    }

    private void TryAgain(TimerEvent timer, TimerTick tick)
    {
        if (!TryStart(out _))
        {
            _delay = TimeSpan.FromTicks(Math.Min(2 * _delay.Ticks, LongestDelay.Ticks));
            timer.Change(_delay);
            return;
        }

        timer.Cancel();
        _retry = null;
        errors.Write(ConsoleText.WatchBack);
        TellChange();
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
        _isOn = false;
        _retry?.Cancel();
        _retry = null;
        StopEvents();
    }

    private void StopEvents()
    {
        _events.ForEach(fileEvent => fileEvent.Cancel());
        _events.Clear();
    }

    private void OnChange(FileEvent source, FileChange change)
    {
        // The path may lead to another file now. What happens from here on is told anew, and what has happened until here is read.
        StopEvents();
        if (!TryStart(out string? reason))
        {
            BeginTrying(reason);
        }

        TellChange();
    }

    // An event whose callback throws is cancelled, and the file would not be watched any more.
    private void TellChange()
    {
        try
        {
            onChange();
        }
        catch (Exception exception)
        {
            errors.Write(ConsoleText.WatchThrew(exception));
        }
    }
}
