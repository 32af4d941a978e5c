using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Network;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>
/// Reads the configuration again while the gateway runs. It is a transaction: either everything in the file is in effect
/// afterwards, or all is as it was, and one line says why.
/// </summary>
/// <remarks>
/// A worker reads the file, looks up the names in it, and tries whether the file for flushes can be written: each of that may take long, or
/// hang. The loop then prepares everything that can fail, and puts it into effect when nothing can fail any more. One load is made at a
/// time. Who asks during one gets the next, so that what he has written before he asked is in it.
/// </remarks>
internal sealed class ConfigurationReload
{
    private readonly ConfigurationSource _source;
    private readonly EventManager _manager;
    private readonly int _thread;
    private readonly Func<OptionsDifference, Func<string>> _prepare;
    private readonly Action<string> _tell;
    private GatewayOptions _options;

    // What was found when the file was read last, good or bad; null if it could not be read.
    private ReadOnlyMemory<byte>? _content;

    // Who has asked: for the next load, and for the one that is being made.
    private HashSet<Action<string>> _waiting = [];
    private HashSet<Action<string>> _served = [];
    private bool _isLoading;
    private bool _isWanted;
    private bool _isAsked;
    private bool _isStopped;

    /// <param name="source">Where the options come from.</param>
    /// <param name="loaded">What it gave at the start.</param>
    /// <param name="manager">Has the workers.</param>
    /// <param name="thread">The worker's number. It is always the same one, so that what hangs there holds up no other.</param>
    /// <param name="prepare">
    /// Gets ready to put options into effect, or throws and has changed nothing. It gives what does it, and says what has changed.
    /// </param>
    /// <param name="tell">Where each load has its line.</param>
    public ConfigurationReload(
        ConfigurationSource source,
        LoadedConfiguration loaded,
        EventManager manager,
        int thread,
        Func<OptionsDifference, Func<string>> prepare,
        Action<string> tell)
    {
        _source = source;
        _manager = manager;
        _thread = thread;
        _prepare = prepare;
        _tell = tell;
        _options = loaded.Options;
        _content = loaded.Content;
    }

    public long Done { get; private set; }

    public long Refused { get; private set; }

    /// <summary>Loads the file because somebody asked for it.</summary>
    /// <param name="onDone">Called in a later callback with what became of it, in one line.</param>
    public void Run(Action<string>? onDone = null)
    {
        if (onDone is not null)
        {
            _waiting.Add(onDone);
        }

        _isAsked = true;
        Want();
    }

    /// <summary>Takes back that somebody is told: he is gone. A load may take long, and whoever waits for it is kept until then.</summary>
    public void Forget(Action<string> onDone)
    {
        _waiting.Remove(onDone);
        _served.Remove(onDone);
    }

    /// <summary>Loads the file because it may have changed. If it holds what it held when it was read last, which has had its line, nothing
    /// is told.</summary>
    public void RunIfChanged() => Want();

    /// <summary>Nothing is put into effect any more: the gateway ends.</summary>
    public void Stop() => _isStopped = true;

    private void Want()
    {
        _isWanted = true;
        if (!_isLoading)
        {
            _isLoading = true;
            _manager.Defer(static (_, reload) => reload.Begin(), this);
        }
    }

    private void Begin()
    {
        bool isAsked = _isAsked;
        _served = _waiting;
        _waiting = [];
        _isWanted = false;
        _isAsked = false;
        if (_isStopped || _source.Path is null)
        {
            End(isAsked ? (_isStopped ? ConsoleText.NoReloadAtEnd : ConsoleText.NothingToReload) : null);
            return;
        }

        try
        {
            ReadOnlyMemory<byte>? known = isAsked ? null : _content;
            GatewayOptions before = _options;
            _manager.ExecuteWork(WorkTarget.Thread(_thread), () => Load(before, known), (_, outcome) => OnLoaded(outcome));
        }
        catch (Exception exception)
        {
            End(Refuse(exception));
        }
    }

    // On the worker.
    private LoadOutcome Load(GatewayOptions before, ReadOnlyMemory<byte>? known)
    {
        byte[]? content = null;
        try
        {
            content = _source.Read();
            if (known is { } last && last.Span.SequenceEqual(content))
            {
                return new LoadOutcome(content, Options: null, Error: null);
            }

            GatewayOptions options = _source.Resolve(content);
            FlushPipeline.Check(before, options);
            return new LoadOutcome(content, options, Error: null);
        }
        catch (Exception exception)
        {
            return new LoadOutcome(content, Options: null, exception);
        }
    }

    private void OnLoaded(LoadOutcome outcome)
    {
        _content = outcome.Content is null ? null : new ReadOnlyMemory<byte>(outcome.Content);
        string? result = _isStopped ? ConsoleText.NoReloadAtEnd
            : outcome.Error is { } error ? Refuse(error)
            : outcome.Options is { } options ? PutIntoEffect(options)
            : null;
        End(result);
    }

    private string PutIntoEffect(GatewayOptions options)
    {
        OptionsDifference difference = new(_options, options);
        Func<string> commit;
        try
        {
            commit = _prepare(difference);
        }
        catch (Exception exception)
        {
            return Refuse(exception);
        }

        try
        {
            string changes = commit();
            _options = options;
            Done++;
            return ConsoleText.Reloaded(_source.Path!, changes);
        }
        catch (Exception exception)
        {
            // A bug. What the next reload finds to differ is what this one should have changed.
            Refused++;
            return ConsoleText.ReloadBroken(exception);
        }
    }

    private string Refuse(Exception exception)
    {
        bool isExpected = exception
            is ConfigurationException or ListenException or NameLookupException or FlushFileException or EventManagerException
                or OutOfMemoryException;
        Refused++;
        return ConsoleText.ReloadRefused(isExpected ? exception.Message : $"{exception.GetType().Name}: {exception.Message}");
    }

    private void End(string? result)
    {
        Action<string>[] served = [.. _served];
        _served = [];
        _isLoading = false;
        if (_isWanted)
        {
            Want();
        }

        if (result is not null)
        {
            _tell(result);
            Array.ForEach(served, onDone => onDone(result));
        }
    }

    /// <param name="Content">The file; null if it could not be read.</param>
    /// <param name="Options">What is in it; null if it is as it was, or cannot be used.</param>
    /// <param name="Error">Why it cannot be used.</param>
    private sealed record LoadOutcome(byte[]? Content, GatewayOptions? Options, Exception? Error);
}
