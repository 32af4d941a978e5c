using Vigil.Messaging;

namespace Vigil;

/// <summary>
/// A closure on the loop that returns a task. If the task has ended when it is returned, its delivery throws the exception; later ones are
/// posted as faults.
/// </summary>
internal sealed class TaskKind : MessageKind<EventManager>
{
    private static readonly TaskKind Instance = new();

    /// <param name="action">A function of the manager that returns a <see cref="Task"/> or a <see cref="ValueTask"/>.</param>
    /// <param name="core">The loop that runs it.</param>
    public static Message<EventManager> Create(Delegate action, LoopCore core) => new(Instance, action, core);

    public override int Deliver(EventManager target, in Message<EventManager> message)
    {
        _ = Begin(target, in message);
        return 1;
    }

    public override Task Begin(EventManager target, in Message<EventManager> message) => Follow(
        (LoopCore)message.State!,
        message.Action is Func<EventManager, ValueTask> action
            ? action(target).AsTask()
            : ((Func<EventManager, Task>)message.Action)(target));

    /// <summary>Throws the exception of a task that has ended, and posts that of any other as a fault when it ends. On the loop.</summary>
    /// <returns>The task.</returns>
    public static Task Follow(LoopCore core, Task? task)
    {
        if (task is null)
        {
            throw new InvalidOperationException("The asynchronous closure returned null instead of a task.");
        }

        if (task.IsCompleted)
        {
            task.GetAwaiter().GetResult();
            return task;
        }

        task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() =>
        {
            try
            {
                task.GetAwaiter().GetResult();
            }
            catch (Exception exception)
            {
                core.PostFault(FaultOrigin.PostedWork, exception);
            }
        });
        return task;
    }
}

/// <summary>A <see cref="TaskKind"/> with a state.</summary>
internal sealed class TaskStateKind<TState> : MessageKind<EventManager>
{
    private static readonly TaskStateKind<TState> Instance = new();

    /// <param name="action">A function of the manager and the state that returns a <see cref="Task"/> or a <see cref="ValueTask"/>.</param>
    /// <param name="state">The state.</param>
    /// <param name="core">The loop that runs it.</param>
    public static Message<EventManager> Create(Delegate action, TState state, LoopCore core) =>
        new(Instance, action, StateBox<(TState, LoopCore)>.Rent((state, core)));

    public override int Deliver(EventManager target, in Message<EventManager> message)
    {
        _ = Begin(target, in message);
        return 1;
    }

    public override Task Begin(EventManager target, in Message<EventManager> message)
    {
        (TState state, LoopCore core) = ((StateBox<(TState, LoopCore)>)message.State!).Return();
        return TaskKind.Follow(
            core,
            message.Action is Func<EventManager, TState, ValueTask> action
                ? action(target, state).AsTask()
                : ((Func<EventManager, TState, Task>)message.Action)(target, state));
    }
}
