using System.Diagnostics;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Failures;

/// <summary>
/// The program of one case. It takes steps, and records what was refused and reported. A refused step is taken once more: a call fails
/// once, and an operation that threw has changed nothing, so the second attempt succeeds.
/// </summary>
internal sealed class Drive
{
    private static readonly TimeSpan TimeOfTurn = TimeSpan.FromMilliseconds(10);

    private readonly TimeSpan _patience;
    private long _start = Stopwatch.GetTimestamp();
    private readonly List<string> _asked = [];
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <param name="directory">An empty directory of its own.</param>
    /// <param name="patience">How long it waits for what it has requested.</param>
    public Drive(string directory, TimeSpan patience) => (Directory, _patience) = (directory, patience);

    public string Directory { get; }

    /// <summary>The step that it is at, for the message about one that hangs.</summary>
    public string Step { get; private set; } = "the beginning";

    /// <summary>The exceptions, and the results that are failures.</summary>
    public List<string> Refusals { get; } = [];

    /// <summary>The manager's reports that the scenario does not cause itself.</summary>
    public List<string> Reports { get; } = [];

    /// <summary>The claims that are false.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>What was requested, and not reported.</summary>
    public IReadOnlyList<string> Missing
    {
        get
        {
            lock (_told)
            {
                return [.. _asked.Where(what => !_told.Contains(what))];
            }
        }
    }

    /// <summary>The reports that the scenario causes itself.</summary>
    public HashSet<EventManagerError> Expected { get; } = [];

    /// <summary>A manager that reports its faults here.</summary>
    public EventManager Create(EventManagerOptions? options = null)
    {
        options ??= new EventManagerOptions();
        options.FaultPolicy = FaultPolicy.Report;
        EventManager manager = Get("new EventManager", () => new EventManager(options));
        manager.FaultReported += (_, report) => OnReport(report);
        return manager;
    }

    /// <summary>Says what it is doing now.</summary>
    public void Begin(string step) => Step = step;

    /// <summary>Takes a step.</summary>
    public void Do(string step, Action action) => Get(step, () =>
    {
        action();
        return true;
    });

    /// <summary>Takes a step that gives something.</summary>
    public T Get<T>(string step, Func<T> get)
    {
        Step = step;
        try
        {
            return get();
        }
        catch (Exception exception)
        {
            Refuse($"{step}: {Describe(exception)}", exception);
            return get();
        }
    }

    /// <summary>Takes a step whose result is an errno, until it has succeeded; EAGAIN means that it is to be taken again.</summary>
    public IOResult Transfer(string step, Func<IOResult> transfer)
    {
        Step = step;
        IOResult result = transfer();
        for (int attempts = 0; !result.IsSuccess && attempts < 3; attempts++)
        {
            if (result.IsFailure)
            {
                Refuse($"{step}: {result.Description}", null);
            }

            result = transfer();
        }

        if (!result.IsSuccess)
        {
            Wrong.Add($"{step} failed again: {result.Description}");
        }

        return result;
    }

    /// <summary>Takes a step that is to lead to a notification.</summary>
    public void Ask(string what, Action<Action> step)
    {
        Do(what, () => step(() => Tell(what)));
        lock (_told)
        {
            _asked.Add(what);
        }
    }

    /// <summary>What another program or the test itself does, which never fails.</summary>
    public void Outside(string step, Action action)
    {
        Step = step;
        Gate.Outside(action);
    }

    public void Tell(string what)
    {
        lock (_told)
        {
            _told.Add(what);
        }
    }

    /// <summary>Runs the manager until everything that was requested has been reported.</summary>
    public void Turn(EventManager manager)
    {
        Step = "turns";
        while (Missing.Count > 0 && HasPatience)
        {
            TurnOnce(manager);
        }
    }

    /// <summary>Whether it still waits for what is missing.</summary>
    public bool HasPatience => Stopwatch.GetElapsedTime(_start) < _patience;

    /// <summary>What was reported does not count any more.</summary>
    public void Forget(string what)
    {
        lock (_told)
        {
            _told.Remove(what);
        }
    }

    /// <summary>Runs one iteration.</summary>
    public void TurnOnce(EventManager manager)
    {
        Step = $"a turn, waiting for {string.Join(", ", Missing)}";
        try
        {
            manager.RunOnce(TimeOfTurn);
        }
        catch (Exception exception)
        {
            Refuse($"RunOnce: {Describe(exception)}", exception);
        }
    }

    /// <summary>Checks that a manager still works, and ends it.</summary>
    public void End(EventManager manager)
    {
        Turn(manager);
        _start = Stopwatch.GetTimestamp();
        UnixPipe pipe = Get("a last pipe", () => new UnixPipe());
        Ask("a last timer", told => manager.CreateTimerEvent(TimeSpan.FromTicks(1), (_, _) => told()));
        Ask("a last socket event", told => manager.CreateSocketEvent(pipe.Reader, EventSet.In | EventSet.OneShot, (_, _) => told()));
        Outside("a last write", () => pipe.Writer.Write());
        OnThread("a last post", () => Do("a last post", () => manager.RemoteEndpoint.Fire(_ => Tell("a last post"))));
        lock (_told)
        {
            _asked.Add("a last post");
        }

        Turn(manager);
        if (manager.GetSources().FirstOrDefault(source => source.Fd.Number == pipe.Reader.Number)?.Event is { } last)
        {
            Do("the removal of the last socket event", last.Cancel);
        }

        Do("Dispose", manager.Dispose);
        Do("Dispose of the pipe", pipe.Dispose);
        Step = "the end";
    }

    /// <summary>Runs an action on another thread, and waits for its end.</summary>
    public void OnThread(string step, Action action)
    {
        Step = step;
        Exception? thrown = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                thrown = exception;
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
        if (thrown is not null)
        {
            throw new InvalidOperationException($"{step}: {thrown.Message}", thrown);
        }
    }

    /// <summary>Records a refusal. An exception must be of the kinds that are announced.</summary>
    public void Refuse(string text, Exception? exception)
    {
        lock (_told)
        {
            Refusals.Add(text);
            if (exception is not (null or EventManagerException or ObjectDisposedException))
            {
                Wrong.Add($"an exception of another type: {exception}");
            }
        }
    }

    /// <summary>An exception with its errno. A descriptor that is not open is a disposed object to users.</summary>
    public static string Describe(Exception exception) => exception is EventManagerException known
        ? $"{known.Error}, errno {known.Errno}{(known.Fd is { } fd ? $", fd {fd}" : "")}: {known.Message}"
        : exception is ObjectDisposedException
            ? $"errno {Errno.EBADF}: {exception.Message}"
            : $"{exception.GetType().Name}: {exception.Message}";

    /// <summary>Whether anything was reported or refused.</summary>
    public bool HasReports
    {
        get
        {
            lock (_told)
            {
                return Reports.Count + Refusals.Count > 0;
            }
        }
    }

    /// <summary>Records a report that is not of a manager's.</summary>
    public void Report(string text)
    {
        lock (_told)
        {
            Reports.Add(text);
        }
    }

    private void OnReport(FaultReport report)
    {
        var exception = report.Exception as EventManagerException;
        if (exception is not null)
        {
            Tell(exception.Error.ToString());
        }

        if (exception is null || !Expected.Contains(exception.Error) || exception.Errno != 0)
        {
            lock (_told)
            {
                Reports.Add($"{report.Origin}: {Describe(report.Exception)}");
            }
        }
    }
}

/// <summary>What programs do with descriptors, outside of the library.</summary>
internal static class Peer
{
    /// <summary>Writes a byte.</summary>
    public static void Write(this FdHandle fd) => NonBlocking.TryWrite(fd, "x"u8).ThrowIfFailed("write");
}
