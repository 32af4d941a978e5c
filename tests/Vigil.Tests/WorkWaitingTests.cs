namespace Vigil.Tests;

public sealed class WorkWaitingTests : IAsyncDisposable
{
    private readonly WorkerPool _pool = new(
        new WorkerPoolOptions { Name = "press", ThreadCount = 2, WaitLimit = TimeSpan.FromMilliseconds(20) });
    private readonly ManualResetEventSlim _release = new();
    private readonly List<WorkWaitingReport> _reports = [];
    private readonly EventManager _manager;

    public WorkWaitingTests()
    {
        _manager = new EventManager(new EventManagerOptions { Workers = _pool });
        _pool.WorkWaiting += (_, report) =>
        {
            lock (_reports)
            {
                _reports.Add(report);
                Monitor.PulseAll(_reports);
            }
        };
    }

    public async ValueTask DisposeAsync()
    {
        _release.Set();
        _manager.Dispose();
        await _pool.DisposeAsync();
        _release.Dispose();
    }

    [Fact]
    public void Work_that_waits_too_long_is_told_with_what_occupies_the_threads_and_again_when_it_was_taken()
    {
        using var occupied = new CountdownEvent(2);
        for (int thread = 0; thread < 2; thread++)
        {
            _manager.ExecuteWork(WorkTarget.Thread(thread), () => Occupy(occupied));
        }

        Assert.True(occupied.Wait(Patience.Limit));
        _manager.ExecuteWork(WorkPriority.Low, Waits);
        WorkWaitingReport waiting = Await(report => report.Work.Contains(nameof(Waits), StringComparison.Ordinal));
        Assert.Equal("press", waiting.PoolName);
        Assert.Equal("WorkWaitingTests.Waits", waiting.Work);
        Assert.False(waiting.IsOver);
        Assert.False(waiting.IsPinned);
        Assert.Equal(WorkPriority.Low, waiting.Priority);
        Assert.InRange(waiting.Waited, TimeSpan.FromMilliseconds(20), Patience.Limit);
        Assert.Equal(TimeSpan.FromMilliseconds(20), waiting.Limit);
        Assert.Equal(1, waiting.Queued);
        Assert.Equal([0, 1], waiting.Threads.Select(thread => thread.Thread));
        Assert.All(
            waiting.Threads,
            thread => Assert.Contains(
                nameof(Work_that_waits_too_long_is_told_with_what_occupies_the_threads_and_again_when_it_was_taken),
                thread.Work,
                StringComparison.Ordinal));
        Assert.Contains("thread 1 runs", waiting.ToString(), StringComparison.Ordinal);

        _release.Set();
        WorkWaitingReport over = Await(report => report.IsOver && report.Work == waiting.Work);
        Assert.InRange(over.Waited, waiting.Waited, Patience.Limit);
    }

    [Fact]
    public void Work_that_is_pinned_to_a_busy_thread_is_told_though_others_are_free()
    {
        using var occupied = new CountdownEvent(1);
        _manager.ExecuteWork(WorkTarget.Thread(0), () => Occupy(occupied));
        Assert.True(occupied.Wait(Patience.Limit));
        _manager.ExecuteWork(WorkTarget.Thread(0), Waits);
        WorkWaitingReport waiting = Await(report => report.Work.Contains(nameof(Waits), StringComparison.Ordinal));
        Assert.True(waiting.IsPinned);
        Assert.Equal(0, waiting.Thread);
        Assert.NotNull(waiting.Threads[0].Work);
    }

    [Fact]
    public void Of_each_queue_one_work_is_told_at_a_time_and_each_is_told_to_the_end()
    {
        using var occupied = new CountdownEvent(1);
        using var step = new SemaphoreSlim(0);
        using var done = new ManualResetEventSlim();
        _manager.ExecuteWork(WorkTarget.Thread(0), () => Occupy(occupied));
        Assert.True(occupied.Wait(Patience.Limit));
        _manager.ExecuteWork(WorkTarget.Thread(0), Waits);
        _manager.ExecuteWork(WorkTarget.Thread(0), () => Assert.True(step.Wait(Patience.Limit)));
        _manager.ExecuteWork(WorkTarget.Thread(0), WaitsToo);
        _manager.ExecuteWork(WorkTarget.Thread(0), done.Set);
        Await(report => !report.IsOver);
        _release.Set();

        // The second report comes at least a second after the first, about work that still waits then.
        Await(report => !report.IsOver && report.Work.Contains(nameof(WaitsToo), StringComparison.Ordinal));
        step.Release();
        Assert.True(done.Wait(Patience.Limit));
        Await(report => report.IsOver && report.Work.Contains(nameof(WaitsToo), StringComparison.Ordinal));

        // Work queued behind it may be reported as well, and may still wait.
        WorkWaitingReport[] reports = Snapshot();
        reports = reports[..(Array.FindIndex(reports, report => report.IsOver && report.Work.Contains(nameof(WaitsToo),
            StringComparison.Ordinal)) + 1)];
        Assert.All(reports.Index(), report => Assert.Equal(report.Index % 2 == 1, report.Item.IsOver));
        Assert.All(reports.Chunk(2), pair =>
        {
            Assert.Equal(pair[0].Work, pair[1].Work);
            Assert.True(pair[1].Waited >= pair[0].Waited);
        });
    }

    [Fact]
    public async Task What_leaves_the_queue_because_the_pool_ends_is_told_to_have_left_it()
    {
        using var occupied = new CountdownEvent(1);
        _manager.ExecuteWork(WorkTarget.Thread(0), () => Occupy(occupied));
        Assert.True(occupied.Wait(Patience.Limit));
        _manager.ExecuteWork(WorkTarget.Thread(0), Waits);
        Await(report => !report.IsOver);
        Assert.Single(await _pool.DrainAsync(TimeSpan.Zero));
        Await(report => report.IsOver);
    }

    [Fact]
    public void A_limit_that_cannot_be_is_refused() =>
        Assert.Contains(
            "WaitLimit",
            Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(new WorkerPoolOptions { WaitLimit = TimeSpan.Zero })).Message,
            StringComparison.Ordinal);

    private static void Waits()
    {
        // Only its waiting is under test.
    }

    private static void WaitsToo()
    {
        // Only its waiting is under test.
    }

    private void Occupy(CountdownEvent occupied)
    {
        occupied.Signal();
        Assert.True(_release.Wait(Patience.Limit));
    }

    private WorkWaitingReport[] Snapshot()
    {
        lock (_reports)
        {
            return [.. _reports];
        }
    }

    private WorkWaitingReport Await(Predicate<WorkWaitingReport> isMeant)
    {
        lock (_reports)
        {
            WorkWaitingReport? found;
            while ((found = _reports.Find(isMeant)) is null)
            {
                Assert.True(Monitor.Wait(_reports, Patience.Limit), $"There are: {string.Join("; ", _reports)}");
            }

            return found;
        }
    }
}
