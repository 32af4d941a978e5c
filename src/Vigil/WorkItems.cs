using Vigil.Messaging;

namespace Vigil;

/// <summary>Makes work items of what users want to have run. Kinds without a result allocate nothing but what their state needs.</summary>
internal static class WorkItems
{
    public static WorkItem Of(WorkTarget target, Action work, Action<Exception> failed) => new(
        static (action, _) =>
        {
            ((Action)action)();
            return WorkOutcome.Done;
        },
        drop: null, work, state: null, failed, target.Priority, target.Thread);

    public static WorkItem Of<TState>(WorkTarget target, Action<TState> work, TState state, Action<Exception> failed) => new(
        StateKind<TState>.Run,
        StateKind<TState>.Drop,
        work,
        typeof(TState).IsValueType ? StateBox<TState>.Rent(state) : state,
        failed,
        target.Priority,
        target.Thread);

    public static WorkItem Of(WorkTarget target, PendingWork work, Action<Exception> failed) => new(
        static (action, _) => ((PendingWork)action).Run(),
        static (action, _) => ((PendingWork)action).Drop(),
        work, state: null, failed, target.Priority, target.Thread);

    /// <summary>An event's callback. There is one at a time, so it needs no room in a queue with a bound.</summary>
    public static WorkItem Of(WorkTarget target, WorkerCallback callback) => new(
        static (action, _) => ((WorkerCallback)action).Run(),
        static (action, _) => ((WorkerCallback)action).Drop(),
        callback, state: null, callback.PostFault, target.Priority, target.Thread)
    {
        IsUnbounded = true,
    };

    private static class StateKind<TState>
    {
        public static readonly Func<object, object?, WorkOutcome> Run = static (action, state) =>
        {
            ((Action<TState>)action)(Take(state));
            return WorkOutcome.Done;
        };

        public static readonly Action<object, object?> Drop = static (_, state) => Take(state);

        private static TState Take(object? state) => typeof(TState).IsValueType ? ((StateBox<TState>)state!).Return() : (TState)state!;
    }
}
