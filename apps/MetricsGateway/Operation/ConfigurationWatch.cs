using MetricsGateway.Configuration;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>
/// Tells when the configuration file may have changed: by whatever way it is saved, also where its path is a link and the file that it
/// leads to changes, and where a directory or a link of its path is replaced. Where it cannot be watched, for want of descriptors or of the
/// kernel's watches, it is tried again until it can, and then counts as changed.
/// </summary>
/// <remarks>
/// The kernel watches names in directories, and a link as the link that it is. So there is an event for the file's path, and one for each
/// path that leads on from there by a link. Each follows its path through whatever becomes of its directories. Which ones there are is
/// looked up again at each change: it may be that of a link.
/// </remarks>
/// <param name="manager">Watches.</param>
/// <param name="path">The file.</param>
/// <param name="onChange">What to call then.</param>
/// <param name="errors">Where it is said, once each time, that it cannot be watched, and that it is again.</param>
internal sealed class ConfigurationWatch(EventManager manager, string path, Action onChange, TextWriter errors)
{
    // The kernel follows no more links than this (path_resolution(7)).
    private const int MostLinks = 40;

    // An editor takes several steps to save a file, and whoever replaces a directory may take two; the file is read when all are done.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(200);

    private static readonly FileEventOptions Options = new() { Debounce = Settling, Interest = FileInterest.Contents, FollowPath = true };

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, FileEvent> _events = new(StringComparer.Ordinal);
    private TimerEvent? _settling;
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

    // Watches what there is to watch now, and goes on trying where it cannot.
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

    // The file's path, and where it leads on from there.
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
            // There is none now. That it comes is seen by the name.
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
            // What happens there is not told any more. Another event says why, or can do it.
            Drop(_events.First(entry => entry.Value == source).Key);
        }

        // What happens from here on is told, and what has happened until here is read.
        Follow();
        if (change.Kind is FileChangeKind.RootDeleted or FileChangeKind.RootMoved or FileChangeKind.Unmounted)
        {
            // These are told at once, and what takes the directory's place may not be there yet.
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
