using Vigil.Messaging;

namespace Vigil;

/// <summary>Makes work items, with the sender's execution context. Kinds without a result allocate nothing beyond their state.</summary>
internal static class WorkItems
{
    public static WorkItem Of(WorkTarget target, Action work, WorkContext sender) => new(
        static (action, _) =>
        {
            ((Action)action)();
            return WorkOutcome.Done;
        },
        drop: null, work, state: null, sender, AmbientContext.Flowing, target);

    public static WorkItem Of<TState>(WorkTarget target, Action<TState> work, TState state, WorkContext sender) => new(
        StateKind<TState>.Run,
        StateKind<TState>.Drop,
        work,
        typeof(TState).IsValueType ? StateBox<TState>.Rent(state) : state,
        sender,
        AmbientContext.Flowing,
        target);

    public static WorkItem Of(WorkTarget target, PendingWork work, WorkContext sender) => new(
        static (action, _) => ((PendingWork)action).Run(),
        static (action, _) => ((PendingWork)action).Drop(),
        work, state: null, sender, AmbientContext.Flowing, target);

    /// <summary>A continuation of an <c>await</c>. It is part of work already accepted and must not be lost.</summary>
    public static WorkItem Of(
        WorkTarget target, SendOrPostCallback continuation, object? state, ExecutionContext? context, AsyncWorkContext sender) => new(
        static (action, _) =>
        {
            var part = (Continuation)action;
            part.Callback(part.State);
            return WorkOutcome.Done;
        },
        static (action, _) => ((Continuation)action).Drop(),
        new Continuation(continuation, state, context, sender), state: null, sender, context, target)
        {
            IsUnbounded = true,
        };

    private sealed record Continuation(SendOrPostCallback Callback, object? State, ExecutionContext? Context, AsyncWorkContext Sender)
    {
        public void Drop() => Sender.OnDropped(Callback, State, Context);

        // An await posts a delegate of the runtime's own; the method to continue is in its state.
        public override string ToString() => MethodName.OfContinuation(State is Delegate or Task ? State : Callback);
    }

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
