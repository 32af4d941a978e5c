using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Network;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>
/// Reloads the configuration while the gateway runs. It is a transaction: either everything in the file takes effect, or everything stays
/// as it was, and one line says why.
/// </summary>
/// <remarks>
/// A worker reads the file, looks up its names, and checks whether the file for flushes can be written, because each of that may take long
/// or hang. Then the loop prepares everything that can fail, and applies it when nothing can fail any more. One load runs at a time. A
/// request during a load gets the next one, so that it includes everything that was written before the request.
/// </remarks>
internal sealed class ConfigurationReload
{
    private readonly ConfigurationSource _source;
    private readonly EventManager _manager;
    private readonly int _thread;
    private readonly Func<OptionsDifference, Func<string>> _prepare;
    private readonly Action<string> _tell;
    private readonly ServiceReports? _service;
    private GatewayOptions _options;

    // The content that was read last, valid or not; null if it could not be read.
    private ReadOnlyMemory<byte>? _content;

    // The callbacks of requests: for the next load, and for the current one.
    private HashSet<Action<string>> _waiting = [];
    private HashSet<Action<string>> _served = [];
    private bool _isLoading;
    private bool _isWanted;
    private bool _isAsked;
    private bool _isStopped;

    /// <param name="source">Loads the options.</param>
    /// <param name="loaded">The options at the start.</param>
    /// <param name="manager">Owns the workers.</param>
    /// <param name="thread">The worker's number. It is always the same one, so that work that hangs there holds up no other.</param>
    /// <param name="prepare">
    /// Prepares to apply options, or throws and has changed nothing. Returns a function that applies them and describes the changes.
    /// </param>
    /// <param name="tell">Writes the line about each load.</param>
    /// <param name="service">Hears of reloads; null for nobody.</param>
    public ConfigurationReload(
        ConfigurationSource source,
        LoadedConfiguration loaded,
        EventManager manager,
        int thread,
        Func<OptionsDifference, Func<string>> prepare,
        Action<string> tell,
        ServiceReports? service = null)
    {
        _service = service;
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

    /// <summary>Why the last load has not taken effect; null if it has.</summary>
    public string? Failure { get; private set; }

    /// <summary>Loads the file on request.</summary>
    /// <param name="onDone">Called in a later callback with the result in one line.</param>
    public void Run(Action<string>? onDone = null)
    {
        if (onDone is not null)
        {
            _waiting.Add(onDone);
        }

        // At once: who has asked by a signal waits for it.
        _service?.Reloading(isRequest: true);
        _isAsked = true;
        Want();
    }

    /// <summary>Withdraws a callback, because its client is gone. Otherwise the callback would keep it until the end of a long
    /// load.</summary>
    public void Forget(Action<string> onDone)
    {
        _waiting.Remove(onDone);
        _served.Remove(onDone);
    }

    /// <summary>Loads the file because it may have changed. If its content is the one that was read last, which has been reported, nothing
    /// is reported.</summary>
    public void RunIfChanged() => Want();

    /// <summary>No load is applied any more: the gateway is stopping.</summary>
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

    // Runs on the worker.
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
        // Nobody has asked if only the file has changed.
        _service?.Reloading(isRequest: false);
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
            Failure = null;
            return ConsoleText.Reloaded(_source.Path!, changes);
        }
        catch (Exception exception)
        {
            // A bug. The next reload compares with the old options, and so applies these changes, too.
            Refused++;
            return Failure = ConsoleText.ReloadBroken(exception);
        }
    }

    private string Refuse(Exception exception)
    {
        bool isExpected = exception
            is ConfigurationException or ListenException or NameLookupException or FlushFileException or EventManagerException
                or OutOfMemoryException;
        Refused++;
        return Failure = ConsoleText.ReloadRefused(
            isExpected ? exception.Message : $"{exception.GetType().Name}: {exception.Message}");
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
        else
        {
            _service?.Reloaded();
        }

        if (result is not null)
        {
            _tell(result);
            Array.ForEach(served, onDone => onDone(result));
        }
    }

    /// <param name="Content">The file; null if it could not be read.</param>
    /// <param name="Options">The options in it; null if it has not changed, or cannot be used.</param>
    /// <param name="Error">Why it cannot be used.</param>
    private sealed record LoadOutcome(byte[]? Content, GatewayOptions? Options, Exception? Error);
}
