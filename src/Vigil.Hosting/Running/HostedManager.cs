using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Vigil.Hosting;

/// <summary>A manager of the host's, and the thread that it lives on.</summary>
/// <remarks>
/// <para>The thread makes the manager, so that calls from other threads are never taken for its own, and then waits for the host to start.
/// What is posted until then stays in the mailbox. The thread adds the subscribers, runs the loop, and disposes the manager when the run is
/// over: one thread from the beginning to the end.</para>
/// <para>It is a thread in the background. If a callback does not return when the host stops, the thread is left behind and the process can
/// end.</para>
/// </remarks>
internal sealed class HostedManager : IAsyncDisposable, IDisposable
{
    // How long the disposal of a manager that nobody has stopped waits for its loop.
    private static readonly TimeSpan DisposalLimit = TimeSpan.FromSeconds(5);

    private readonly string _name;
    private readonly EventManagerOptions _options;
    private readonly ManagerReports _reports;
    private readonly ILogger _logger;
    private readonly IHostApplicationLifetime? _lifetime;
    private readonly TaskCompletionSource<EventManager> _created = NewSource<EventManager>();
    private readonly TaskCompletionSource _attached = NewSource();
    private readonly TaskCompletionSource _ended = NewSource();
    private readonly ManualResetEventSlim _begin = new();
    private readonly ManualResetEventSlim _end = new();
    private IReadOnlyList<SubscriberToAdd> _subscribers = [];
    private volatile LoopState _state;
    private volatile HostedManagerOptions _hosting;
    private volatile Exception? _failure;

    /// <summary>Starts the thread and waits until it has made the manager.</summary>
    /// <param name="options">The manager's options, validated.</param>
    /// <param name="hosting">The host's options for it, validated.</param>
    /// <param name="logger">Logs what happens to it.</param>
    /// <param name="lifetime">The host to stop when a run fails; null without a host.</param>
    /// <exception cref="EventManagerException">The manager could not be made.</exception>
    public HostedManager(
        EventManagerOptions options, HostedManagerOptions hosting, ILogger logger, IHostApplicationLifetime? lifetime)
    {
        _name = options.Name;
        _options = options;
        _hosting = hosting;
        _logger = logger;
        _lifetime = lifetime;
        _reports = new ManagerReports(logger);
        new Thread(Live) { Name = options.Name, IsBackground = true }.UnsafeStart();
        Manager = _created.Task.GetAwaiter().GetResult();
    }

    public EventManager Manager { get; }

    public string Name => _name;

    public LoopState State => _state;

    /// <summary>What ended the last run; null if none has failed.</summary>
    public Exception? Failure => _failure;

    /// <summary>The host's pool that it uses; null if it was given other workers.</summary>
    public HostedPool? Pool => _options.Workers as HostedPool;

    /// <summary>What the manager has reported.</summary>
    public ManagerReports Reports => _reports;

    /// <summary>What the host does with it. Any thread may replace it.</summary>
    public HostedManagerOptions Hosting
    {
        get => _hosting;
        set => _hosting = value;
    }

    /// <summary>Lets the thread add the subscribers and run the loop. The task ends when the subscribers are added.</summary>
    /// <param name="subscribers">The subscribers, in order.</param>
    /// <returns>A task that fails with the exception of a subscriber; the manager is then disposed.</returns>
    public Task StartAsync(IReadOnlyList<SubscriberToAdd> subscribers)
    {
        _subscribers = subscribers;
        _begin.Set();
        return _attached.Task;
    }

    /// <summary>
    /// Waits until the loop has handled everything that was posted before the call, which takes an iteration or more. It also ends when the
    /// loop has ended.
    /// </summary>
    public async Task TurnAsync(CancellationToken cancellationToken)
    {
        // Refused while the mailbox is full, which is no reason to wait in it with the others.
        TimeSpan pause = TimeSpan.FromMilliseconds(5);
        while (_state != LoopState.Ended)
        {
            try
            {
                Task turn = Manager.RemoteEndpoint.CallAsync(static _ => true, cancellationToken);
                await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (EventManagerException exception) when (exception.Error == EventManagerError.MailboxFull)
            {
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Announces the stop on the loop: listeners are disarmed. Does not wait for the loop.</summary>
    public void Announce()
    {
        try
        {
            Manager.RemoteEndpoint.TryFire(static manager => manager.BeginStopping());
        }
        catch (Exception exception) when (exception is ObjectDisposedException or EventManagerException)
        {
            // It has ended, or cannot be woken, which it reports itself.
        }
    }

    /// <summary>
    /// Ends the run and disposes the manager. If a callback does not return until the token is cancelled, it is named in the log, and the
    /// manager is left behind: nobody waits for it any more.
    /// </summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        RequestEnd();
        try
        {
            await _ended.Task.WaitAsync(deadline).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Abandon();
        }
    }

    public void Dispose()
    {
        RequestEnd();
        if (!_ended.Task.Wait(DisposalLimit))
        {
            Abandon();
        }

        if (Pool is { IsShared: false } own)
        {
            own.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(DisposalLimit);
        await StopAsync(deadline.Token).ConfigureAwait(false);
        if (Pool is { IsShared: false } own)
        {
            await own.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource<T> NewSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void RequestEnd()
    {
        _end.Set();
        _begin.Set();
        try
        {
            Manager.Stop();
        }
        catch (EventManagerException)
        {
            // The loop could not be woken, which the manager reports. It stops when it wakes up.
        }
    }

    private void Abandon()
    {
        if (_state == LoopState.Ended)
        {
            return;
        }

        HostingLog.Abandoned(_logger, _name, _reports.Hanging ?? "a callback");
        Manager.Abandon();
    }

    // The thread.
    private void Live()
    {
        EventManager manager;
        try
        {
            manager = new EventManager(_options);
        }
        catch (Exception exception)
        {
            _state = LoopState.Ended;
            _ended.SetResult();
            _created.SetException(exception);
            return;
        }

        _reports.ListenTo(manager);
        _created.SetResult(manager);
        _begin.Wait();
        bool mustStopHost = false;
        try
        {
            mustStopHost = !_end.IsSet && TryAttach(manager) && !Run(manager);
        }
        finally
        {
            End(manager);
        }

        // Last: what runs when the host stops may wait for the manager.
        if (mustStopHost)
        {
            if (Environment.ExitCode == 0)
            {
                Environment.ExitCode = 1;
            }

            _lifetime?.StopApplication();
        }
    }

    private bool TryAttach(EventManager manager)
    {
        foreach (SubscriberToAdd subscriber in _subscribers)
        {
            try
            {
                subscriber.Id = manager.AddSubscriber(subscriber.Subscriber, subscriber.Priority);
            }
            catch (Exception exception)
            {
                _attached.SetException(new InvalidOperationException(
                    $"The subscriber {subscriber.Subscriber.GetType()} of the event manager \"{_name}\" could not be added: "
                        + exception.Message,
                    exception));
                return false;
            }
        }

        _state = LoopState.Running;
        HostingLog.Started(_logger, _name, _subscribers.Count);
        _attached.SetResult();
        return true;
    }

    // False if the host is to be stopped.
    private bool Run(EventManager manager)
    {
        TimeSpan pause = TimeSpan.Zero;
        while (true)
        {
            long began = Stopwatch.GetTimestamp();
            Exception failure;
            try
            {
                manager.Run();
                LogEnd();
                return true;
            }
            catch (ObjectDisposedException) when (!IsUsable(manager))
            {
                LogEnd();
                return true;
            }
            catch (Exception exception)
            {
                _failure = failure = exception;
            }

            HostedManagerOptions hosting = _hosting;
            switch (hosting.OnRunFailure)
            {
                case RunFailure.Restart when !_end.IsSet:
                    pause = Stopwatch.GetElapsedTime(began) > hosting.MaxRestartDelay || pause == TimeSpan.Zero
                        ? hosting.RestartDelay
                        : TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, hosting.MaxRestartDelay.Ticks));
                    HostingLog.RunRestarts(_logger, _name, pause, failure);
                    _state = LoopState.Pausing;
                    if (_end.Wait(pause))
                    {
                        LogEnd();
                        return true;
                    }

                    _state = LoopState.Running;
                    break;
                case RunFailure.Ignore:
                    HostingLog.RunIgnored(_logger, _name, failure);
                    return true;
                default:
                    HostingLog.RunFailed(_logger, _name, failure);
                    return false;
            }
        }
    }

    private void LogEnd()
    {
        if (_end.IsSet)
        {
            HostingLog.Stopped(_logger, _name);
        }
        else
        {
            HostingLog.StoppedByProgram(_logger, _name);
        }
    }

    // Otherwise the exception is the manager's own: somebody has disposed it.
    private static bool IsUsable(EventManager manager)
    {
        try
        {
            manager.GetSubscribers();
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        catch (EventManagerException)
        {
            // Between runs another thread may use it.
            return true;
        }
    }

    private void End(EventManager manager)
    {
        try
        {
            TakeBack(manager);
            manager.Dispose();
        }
        finally
        {
            // Whoever waits for the end is told in any case.
            _attached.TrySetCanceled();
            _state = LoopState.Ended;
            _ended.SetResult();
        }
    }

    // The services own their subscribers and dispose them. The manager would do it, too. One that a fault has detached is not there any
    // more.
    private void TakeBack(EventManager manager)
    {
        try
        {
            foreach (SubscriberToAdd subscriber in _subscribers.Reverse())
            {
                if (subscriber.Id.IsValid && manager.GetSubscribers().Any(info => info.Id == subscriber.Id))
                {
                    manager.RemoveSubscriber(subscriber.Id);
                }
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or EventManagerException)
        {
            // Another thread disposes it, and with it the subscribers.
        }
    }
}

/// <summary>A subscriber that the services have made, and its id once it is added.</summary>
internal sealed record SubscriberToAdd(IEventSubscriber Subscriber, DispatchPriority Priority)
{
    public SubscriberId Id { get; set; }
}
