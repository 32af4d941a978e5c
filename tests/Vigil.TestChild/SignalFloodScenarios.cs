using System.Runtime.InteropServices;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>More real-time signals than are processed.</summary>
internal static partial class SignalFloodScenarios
{
    // The documented limit.
    private const int MostWaiting = 16_384;

    private static readonly Signal RealTime4 = Signal.RealTime(4);

    /// <summary>A manager that is not run keeps that many and no more, while another one takes them from the kernel. It reports how many
    /// were lost, and continues with later ones.</summary>
    public static void ForALoop(string[] args)
    {
        const int TooMany = 1000;
        SignalBlocking.Restart(RealTime4);
        using var idle = new EventManager();
        using var running = new EventManager();
        List<FaultReport> reports = [];
        List<int?> values = [];
        int taken = 0;
        idle.FaultReported += (_, report) => reports.Add(report);
        idle.CreateSignalEvent(RealTime4, (_, info) => values.Add(info.Value));
        running.CreateSignalEvent(RealTime4, (_, _) => taken++);
        Flood(running, MostWaiting + TooMany, () => taken);
        idle.RunUntil(() => values.Count == MostWaiting);
        Check(values.SequenceEqual(Enumerable.Range(0, MostWaiting).Select(value => (int?)value)), "out of order");
        RequireLost(reports, 1, $"{TooMany} real-time signals for ");
        taken = 0;
        Flood(running, 10, () => taken);
        idle.RunUntil(() => values.Count == MostWaiting + 10);
        Check(reports.Count == 1, "told twice");
    }

    /// <summary>While a callback has not ended, that many wait and no more. The loss is reported at once, and its number when the callback
    /// ends.</summary>
    public static void ForACallback(string[] args)
    {
        const int TooMany = 500;
        SignalBlocking.Restart(RealTime4);
        using var manager = new EventManager();
        List<FaultReport> reports = [];
        manager.FaultReported += (_, report) => reports.Add(report);
        List<int?> values = [];
        int taken = 0;
        var gate = new TaskCompletionSource();
        SignalEvent busy = manager.CreateSignalEvent(RealTime4, async (_, info) =>
        {
            values.Add(info.Value);
            await gate.Task;
        });
        manager.CreateSignalEvent(RealTime4, (_, _) => taken++);
        Flood(manager, 1 + MostWaiting + TooMany, () => taken);
        RequireLost(reports, 1, $"{MostWaiting} signals ");
        Check(reports[0].Event == busy, "another event");
        gate.SetResult();
        manager.RunUntil(() => values.Count == 1 + MostWaiting);
        Check(values.SequenceEqual(Enumerable.Range(0, 1 + MostWaiting).Select(value => (int?)value)), "out of order");
        RequireLost(reports, 2, $"{TooMany} signals ");
    }

    /// <summary>Workers that have ended refuse one signal after the other, not recursively, which would overflow the stack.</summary>
    public static void ForWorkersThatEnd(string[] args)
    {
        const int Waiting = 10_000;
        SignalBlocking.Restart(RealTime4);
        var thread = new Thread(RefuseAll, maxStackSize: 512 << 10);
        thread.Start();
        thread.Join();

        static void RefuseAll()
        {
            using var pool = new ManualPool();
            using var manager = new EventManager(new EventManagerOptions { Workers = pool, FaultPolicy = FaultPolicy.Report });
            int refused = 0;
            int taken = 0;
            manager.FaultReported += (_, report) =>
                refused += report.Exception is EventManagerException { Error: EventManagerError.WorkQueueFull } ? 1 : 0;
            manager.CreateSignalEvent(RealTime4, (_, _) => { }, new() { Target = CallbackTarget.Worker() });
            manager.CreateSignalEvent(RealTime4, (_, _) => taken++);
            Flood(manager, 1 + Waiting, () => taken);
            pool.End();
            manager.RunUntil(() => refused == Waiting);
        }
    }

    private static void Flood(EventManager manager, int count, Func<int> taken)
    {
        for (int i = 0; i < count; i++)
        {
            // The kernel has a limit, too.
            while (sigqueue(Environment.ProcessId, RealTime4.Number, i) != 0)
            {
                manager.RunOnce(TimeSpan.Zero);
            }
        }

        manager.RunUntil(() => taken() == count);
    }

    private static void RequireLost(List<FaultReport> reports, int count, string beginning) => Check(
        reports.Count == count
            && reports[^1] is
            {
                Origin: FaultOrigin.SignalEvent,
                Exception: EventManagerException { Error: EventManagerError.SignalsLost } lost
            }
            && lost.Message.StartsWith(beginning, StringComparison.Ordinal),
        string.Join('\n', reports));

    [LibraryImport("libc")]
    private static partial int sigqueue(int process, int signal, nint value);

    /// <summary>Accepts one item, runs it at the end, and refuses work from then on.</summary>
    private sealed class ManualPool : IWorkExecutor, IDisposable
    {
        private WorkItem? _item;
        private bool _hasEnded;

        public int ThreadCount => 0;

        public bool TryExecute(in WorkItem item)
        {
            _item ??= item;
            return !_hasEnded;
        }

        public void End()
        {
            _hasEnded = true;
            _item?.Run();
        }

        public void Dispose() => _hasEnded = true;
    }
}
