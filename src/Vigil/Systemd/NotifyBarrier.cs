using Vigil.IO;

namespace Vigil;

/// <summary>
/// The wait for the service manager to have handled all earlier messages: it gets one end of a pipe, and closes it when it has
/// (<c>sd_notify_barrier(3)</c>). A message that is lost closes the end, too, and is told from the answer by its outcome.
/// </summary>
internal sealed class NotifyBarrier
{
    private readonly TaskCompletionSource _answered = new();
    private readonly FdHandle _end;
    private readonly SocketEvent _hangUp;
    private volatile bool _wasSent;

    private NotifyBarrier(NotifyChannel channel, EventManager manager)
    {
        var pipe = new UnixPipe();
        _end = pipe.Reader;
        try
        {
            _hangUp = manager.CreateSocketEvent(_end, EventSet.None, (_, _) => OnHangUp(), new SocketEventOptions { Name = "barrier" });
        }
        catch
        {
            pipe.Dispose();
            throw;
        }

        channel.Send(new NotifyMessage(NotifyMessage.Encode("BARRIER=1"), status: null, pipe.Writer) { OnSent = () => _wasSent = true });
    }

    /// <summary>Sends the barrier, and waits. False if the message was lost.</summary>
    /// <exception cref="EventManagerException">The call is not from the manager's thread, or the kernel refused; nothing was
    /// sent.</exception>
    public static Task<bool> WaitAsync(
        NotifyChannel channel, EventManager manager, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            Task limit = manager.Delay(timeout, over.Token);
            return new NotifyBarrier(channel, manager).WaitAsync(manager, limit, timeout, over);
        }
        catch
        {
            Cancel(over);
            throw;
        }
    }

    private static void Cancel(CancellationTokenSource over)
    {
        over.Cancel();
        over.Dispose();
    }

    private async Task<bool> WaitAsync(EventManager manager, Task limit, TimeSpan timeout, CancellationTokenSource over)
    {
        try
        {
            if (await Task.WhenAny(_answered.Task, limit) == limit)
            {
                await limit;
                throw new TimeoutException($"The service manager has not answered the barrier within {timeout}.");
            }

            return _wasSent;
        }
        finally
        {
            EndOnLoop(manager);
            Cancel(over);
        }
    }

    private void OnHangUp()
    {
        End();
        _answered.TrySetResult();
    }

    // A wait that was begun between two runs may continue on any thread. Where nothing can be posted, the answer ends it.
    private void EndOnLoop(EventManager manager)
    {
        if (manager.IsOnLoop)
        {
            End();
            return;
        }

        if (_hangUp.IsCancelled)
        {
            _end.Dispose();
            return;
        }

        try
        {
            manager.RemoteEndpoint.TryFire(static (_, barrier) => barrier.End(), this);
        }
        catch (ObjectDisposedException)
        {
            _end.Dispose();
        }
        catch (EventManagerException)
        {
            // The loop could not be woken, which it reports. It ends the wait when it wakes up.
        }
    }

    private void End()
    {
        _hangUp.Cancel();
        _end.Dispose();
    }
}
