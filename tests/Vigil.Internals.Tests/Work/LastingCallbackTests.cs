namespace Vigil.Internals.Tests.Work;

public sealed class LastingCallbackTests : IWorkExecutor
{
    private readonly Queue<WorkItem> _work = new();
    private bool _refuses;

    int IWorkExecutor.ThreadCount => 0;

    [Fact]
    public void A_callback_that_the_workers_refuse_has_not_run_although_the_one_before_has()
    {
        using var manager = new EventManager(new EventManagerOptions { Workers = this });
        manager.FaultReported += (_, _) => { };
        UserEvent owner = manager.CreateUserEvent(UserEventMerge.Add, (_, _) => { });
        var callback = new LastingCallback<UserEvent, int>(
            owner,
            new LoopWorkers(manager.Core, this),
            CallbackTarget.Worker(),
            () => { },
            (_, _) => Task.CompletedTask,
            isAsynchronous: false);
        callback.Send(owner, 1);
        _work.Dequeue().Run();
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal((false, true), (callback.IsBusy, callback.HasRun));

        _refuses = true;
        callback.Send(owner, 2);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal((false, false), (callback.IsBusy, callback.HasRun));
    }

    bool IWorkExecutor.TryExecute(in WorkItem item)
    {
        if (!_refuses)
        {
            _work.Enqueue(item);
        }

        return !_refuses;
    }
}
