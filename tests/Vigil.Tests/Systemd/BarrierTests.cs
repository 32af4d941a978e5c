namespace Vigil.Tests.Systemd;

/// <summary>The wait for what the service manager has handled.</summary>
public sealed class BarrierTests : IDisposable
{
    private readonly NotifySocketServer _server = NotifySocketServer.AtPath();
    private readonly EventManager _manager = new();
    private readonly ServiceNotifier _notifier;

    public BarrierTests() => _notifier = new ServiceNotifier(_server.Address);

    public void Dispose()
    {
        _notifier.Dispose();
        _manager.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void An_answer_that_comes_late_is_waited_for_while_the_loop_goes_on()
    {
        bool? answer = null;
        int ticks = 0;
        _manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), (_, _) => ticks++);
        _manager.Defer(async _ =>
        {
            _notifier.Ready();
            answer = await _notifier.WaitForBarrierAsync(_manager, Timeout.InfiniteTimeSpan);
            Assert.True(_manager.IsOnLoop);
        });
        _manager.RunUntil(() => ticks >= 3);
        Assert.Equal("READY=1", _server.Receive());
        (string text, FdHandle[] descriptors) = _server.ReceiveKeeping();
        Assert.Equal("BARRIER=1", text);
        int before = ticks;
        _manager.RunUntil(() => ticks >= before + 3);
        Assert.Null(answer);
        Assert.Single(descriptors).Dispose();
        _manager.RunUntil(() => answer is not null);
        Assert.True(answer);
        Assert.DoesNotContain(_manager.GetSources(), source => source.Event is SocketEvent);
    }

    [Fact]
    public void A_barrier_that_finds_the_socket_full_follows_what_was_sent_before()
    {
        int full = _server.Fill();
        _notifier.Ready();
        Task<bool> barrier = Begin(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);
        Assert.False(barrier.IsCompleted);
        for (int i = 0; i < full; i++)
        {
            _server.Receive();
        }

        Assert.Equal(("READY=1", 0), _server.ReceiveWithDescriptors());
        Assert.Equal(("BARRIER=1", 1), _server.ReceiveWithDescriptors());
        _manager.RunUntil(() => barrier.IsCompleted);
        Assert.True(Patience.Result(barrier));
    }

    [Fact]
    public void The_wait_ends_at_its_time_limit_and_leaves_nothing_registered()
    {
        Task<bool> barrier = Begin(TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken);
        _manager.RunUntil(() => barrier.IsCompleted);
        Assert.IsType<TimeoutException>(barrier.Exception!.InnerException);
        Assert.DoesNotContain(_manager.GetSources(), source => source.Event is SocketEvent);
    }

    [Fact]
    public void Any_thread_may_cancel_the_wait()
    {
        using var cancellation = new CancellationTokenSource();
        Task<bool> barrier = Begin(Timeout.InfiniteTimeSpan, cancellation.Token);
        Assert.False(barrier.IsCompleted);
        var thread = new Thread(cancellation.Cancel);
        thread.Start();
        Assert.True(thread.Join(Patience.Limit));
        _manager.RunUntil(() => barrier.IsCompleted && _manager.GetSources().All(source => source.Event is not SocketEvent));
        Assert.True(barrier.IsCanceled);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.True(Begin(Timeout.InfiniteTimeSpan, cancelled.Token).IsCanceled);
    }

    [Fact]
    public void A_barrier_that_is_lost_is_no_answer()
    {
        var failures = new List<NotifyFailure>();
        _notifier.Failed += (_, failure) => failures.Add(failure);
        _server.Dispose();
        Task<bool> barrier = Begin(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);
        _manager.RunUntil(() => barrier.IsCompleted);
        Assert.False(Patience.Result(barrier));
        Assert.Contains("BARRIER=1 was lost", Assert.Single(failures).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_managers_end_ends_the_wait()
    {
        Task<bool> barrier = Begin(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);
        _manager.Dispose();
        Assert.IsType<ObjectDisposedException>(Assert.ThrowsAny<Exception>(() => Patience.Result(barrier)));
    }

    // As a callback does it: what it awaits continues on the loop.
    private Task<bool> Begin(TimeSpan timeout, CancellationToken cancellationToken)
    {
        Task<bool>? barrier = null;
        _manager.Defer(_ => { barrier = _notifier.WaitForBarrierAsync(_manager, timeout, cancellationToken); });
        _manager.RunOnce(TimeSpan.Zero);
        return barrier!;
    }
}
