using Vigil.Messaging;

namespace Vigil;

/// <summary>
/// A worker's task that ends on the loop, by a message, so that its end has a place in the recording. Without a recorder, tasks end on the
/// worker.
/// </summary>
internal sealed class LoopTask : IMailboxItem, ISequencedMessage
{
    private readonly Action _complete;

    private LoopTask(LoopCore core, Task task, Action complete)
    {
        _complete = complete;
        Sequence = core.Recording!.NextSequence();
        _ = task.ContinueWith(
            (_, self) =>
            {
                if (core.Mailbox.PostUnbounded((LoopTask)self!) == PostResult.Closed)
                {
                    complete();
                }
            },
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    public long Sequence { get; }

    /// <summary>The task itself, or one that ends on the loop.</summary>
    public static Task Of(LoopCore core, Task task)
    {
        if (core.Recording is null)
        {
            return task;
        }

        var completion = new TaskCompletionSource(core.TaskOptions);
        _ = new LoopTask(core, task, () => completion.TrySetFromTask(task));
        return completion.Task;
    }

    /// <inheritdoc cref="Of(LoopCore, Task)"/>
    public static Task<T> Of<T>(LoopCore core, Task<T> task)
    {
        if (core.Recording is null)
        {
            return task;
        }

        var completion = new TaskCompletionSource<T>(core.TaskOptions);
        _ = new LoopTask(core, task, () => completion.TrySetFromTask(task));
        return completion.Task;
    }

    int IMailboxItem.Deliver()
    {
        _complete();
        return 0;
    }

    bool IMailboxItem.Abandon()
    {
        _complete();
        return true;
    }
}
