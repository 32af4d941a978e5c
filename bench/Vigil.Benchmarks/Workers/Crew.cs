namespace Vigil.Benchmarks.Workers;

/// <summary>Runs the work of a round: Vigil's pool, the runtime's, or the runtime's through tasks.</summary>
internal abstract class Crew : IDisposable
{
    public static Crew Vigil() => new VigilCrew();

    public static Crew ThreadPool() => new ThreadPoolCrew();

    public static Crew Tasks() => new TaskCrew();

    /// <summary>Sends work with its state.</summary>
    public abstract void Send(Action<object?> work, object? state, WorkPriority priority);

    public abstract void Dispose();

    private sealed class VigilCrew : Crew
    {
        private readonly WorkerPool _pool = new();
        private readonly EventManager _manager;

        public VigilCrew() => _manager = new EventManager(new EventManagerOptions { Workers = _pool });

        public override void Send(Action<object?> work, object? state, WorkPriority priority) =>
            _manager.ExecuteWork(priority, work, state);

        public override void Dispose()
        {
            _manager.Dispose();
            _pool.DisposeAsync().AsTask().Wait();
        }
    }

    private sealed class ThreadPoolCrew : Crew
    {
        public override void Send(Action<object?> work, object? state, WorkPriority priority) =>
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(work, state, preferLocal: false);

        public override void Dispose()
        {
            // The pool belongs to the process.
        }
    }

    private sealed class TaskCrew : Crew
    {
        public override void Send(Action<object?> work, object? state, WorkPriority priority) => _ = Task.Run(() => work(state));

        public override void Dispose()
        {
            // The pool belongs to the process.
        }
    }
}
