using MetricsGateway.Configuration;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>
/// Notices when the configuration file may have changed: however it is saved, also if its path is a link whose target changes, and if a
/// directory or a link of its path is replaced. If it cannot be watched, for want of descriptors or of the kernel's watches, that is
/// retried until it succeeds, and then counts as a change.
/// </summary>
/// <remarks>
/// The kernel watches names in directories, and a link only as a link. So there is an event for the file's path, and one for each target of
/// a link on the way from there. Each follows its path when directories are replaced. The set of paths is determined again at each change,
/// which may be the change of a link.
/// </remarks>
/// <param name="manager">Watches the file.</param>
/// <param name="path">The file.</param>
/// <param name="onChange">Called after a change.</param>
/// <param name="errors">Receives one line when the file cannot be watched, and one when it is watched again.</param>
internal sealed class ConfigurationWatch(EventManager manager, string path, Action onChange, TextWriter errors)
{
    // The kernel follows no more links than this (path_resolution(7)).
    private const int MostLinks = 40;

    // An editor saves a file in several steps, and replacing a directory may take two; the file is read when all are done.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(200);

    private static readonly FileEventOptions Options = new() { Debounce = Settling, Interest = FileInterest.Contents, FollowPath = true };

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, FileEvent> _events = new(StringComparer.Ordinal);
    private TimerEvent? _settling;
    private TimerEvent? _retry;
    private TimeSpan _delay;
    private bool _isOn;

    /// <summary>Starts or stops watching, as the options say.</summary>
    public void Apply(GatewayOptions options)
    {
        if (options.WatchConfig == _isOn)
        {
            return;
        }

        _isOn = options.WatchConfig;
        if (_isOn)
        {
            Follow();
        }
        else
        {
            Stop();
        }
    }

    // Watches all paths that exist now, and retries if that fails.
    private void Follow()
    {
        if (TryFollow(out string? reason))
        {
            if (_retry is not null)
            {
                EndRetry();
                errors.Write(ConsoleText.WatchBack);
            }
        }
        else if (_retry is null)
        {
            errors.Write(ConsoleText.WatchFailed(reason!));
            _delay = FirstDelay;
            _retry = manager.CreateTimerEvent(_delay, Timeout.InfiniteTimeSpan, TryAgain);
        }
    }

    private bool TryFollow(out string? reason)
    {
        reason = null;
        List<string> paths = FindPaths();
        foreach (string gone in _events.Keys.Except(paths, StringComparer.Ordinal).ToArray())
        {
            Drop(gone);
        }

        foreach (string wanted in paths.Where(wanted => !_events.ContainsKey(wanted)))
        {
            try
            {
                _events.Add(wanted, manager.CreateFileEvent(wanted, OnChange, Options));
            }
            catch (EventManagerException exception)
            {
                reason = exception.Message;
                return false;
            }
        }

        return true;
    }

    // The file's path, and the targets of the links from there.
    private List<string> FindPaths()
    {
        List<string> paths = [path];
        while (paths.Count <= MostLinks && TargetOf(paths[^1]) is { } target && !paths.Contains(target))
        {
            paths.Add(target);
        }

        return paths;
    }

    private static string? TargetOf(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: false)?.FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // There is no link now. The watch of the name reports when one appears.
            return null;
        }
    }

    private void TryAgain(TimerEvent timer, TimerTick tick)
    {
        Follow();
        if (_retry is null)
        {
            TellChange();
            return;
        }

        _delay = TimeSpan.FromTicks(Math.Min(2 * _delay.Ticks, LongestDelay.Ticks));
        timer.Change(_delay);
    }

    private void Stop()
    {
        EndRetry();
        _settling?.Cancel();
        _settling = null;
        foreach (string watched in _events.Keys.ToArray())
        {
            Drop(watched);
        }
    }

    private void EndRetry()
    {
        _retry?.Cancel();
        _retry = null;
    }

    private void Drop(string watched)
    {
        _events.Remove(watched, out FileEvent? fileEvent);
        fileEvent!.Cancel();
    }

    private void OnChange(FileEvent source, FileChange change)
    {
        if (change.Kind == FileChangeKind.Incomplete)
        {
            // This event reports nothing more. Creating another one either succeeds or gives the reason.
            Drop(_events.First(entry => entry.Value == source).Key);
        }

        // Watch first, then read: changes from here on are reported, and earlier ones are read.
        Follow();
        if (change.Kind is FileChangeKind.RootDeleted or FileChangeKind.RootMoved or FileChangeKind.Unmounted)
        {
            // These are reported at once, and the directory's replacement may not be there yet.
            _settling ??= manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, (_, _) => TellChange());
            _settling.Change(Settling);
            return;
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
