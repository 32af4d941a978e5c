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
    public static async Task<bool> WaitAsync(
        NotifyChannel channel, EventManager manager, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task limit = manager.Delay(timeout, over.Token);
        NotifyBarrier? barrier = null;
        try
        {
            barrier = new NotifyBarrier(channel, manager);
            if (await Task.WhenAny(barrier._answered.Task, limit) == limit)
            {
                await limit;
                throw new TimeoutException($"The service manager has not answered the barrier within {timeout}.");
            }

            return barrier._wasSent;
        }
        finally
        {
            barrier?.EndOnLoop(manager);
            await over.CancelAsync();
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

        try
        {
            manager.RemoteEndpoint.TryFire(static (_, barrier) => barrier.End(), this);
        }
        catch (ObjectDisposedException)
        {
            _end.Dispose();
        }
    }

    private void End()
    {
        _hangUp.Cancel();
        _end.Dispose();
    }
}
