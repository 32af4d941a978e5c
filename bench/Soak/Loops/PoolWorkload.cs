using Vigil;

namespace Soak.Loops;

/// <summary>Work for the pool, of all priorities, pinned and not, that returns, throws, awaits or is cancelled. Each ends once.</summary>
internal sealed class PoolWorkload : Workload
{
    private static readonly WorkPriority[] Priorities = Enum.GetValues<WorkPriority>();

    private readonly int _threads;
    private long _sent;
    private long _ended;

    public PoolWorkload(int threads, Random random, Findings findings)
        : base(random, findings) => _threads = threads;

    public override string Name => "items of work";

    public override long Count => _sent;

    public override string? Outstanding => _sent == _ended ? null : $"{_sent - _ended} items";

    protected override TimeSpan Pace => TimeSpan.FromMilliseconds(5);

    public override void Finish()
    {
    }

    protected override void OnStart(EventManager manager)
    {
    }

    protected override void Step(EventManager manager)
    {
        for (int i = Random.Next(10); i > 0; i--)
        {
            WorkPriority priority = Priorities[Random.Next(Priorities.Length)];
            WorkTarget target = Random.Next(4) == 0 ? WorkTarget.Thread(Random.Next(_threads), priority) : priority;
            int value = Random.Next();
            _sent++;
            switch (Random.Next(5))
            {
                case 0:
                    _ = ThrowAsync(manager, target);
                    break;
                case 1:
                    _ = CancelAsync(manager, target);
                    break;
                case 2:
                    _ = AwaitAsync(manager, target, value);
                    break;
                default:
                    manager.ExecuteWork(target, () => value + 1L, (_, result) => End(result == value + 1L));
                    break;
            }
        }
    }

    protected override void OnStop()
    {
    }

    private async Task ThrowAsync(EventManager manager, WorkTarget target)
    {
        bool hasThrown = false;
        try
        {
            await manager.ExecuteWorkAsync(target, () => throw new NotSupportedException("on purpose"));
        }
        catch (NotSupportedException)
        {
            hasThrown = true;
        }

        End(hasThrown && manager.IsOnLoop);
    }

    private async Task CancelAsync(EventManager manager, WorkTarget target)
    {
        using var cancellation = new CancellationTokenSource();
        Task work = manager.ExecuteWorkAsync(target, () => { }, cancellation.Token);
        await cancellation.CancelAsync();
        try
        {
            await work;
        }
        catch (OperationCanceledException)
        {
            // It may also have been faster.
        }

        End(manager.IsOnLoop);
    }

    private async Task AwaitAsync(EventManager manager, WorkTarget target, int value)
    {
        long result = await manager.ExecuteWorkAsync(target, async () =>
        {
            await Task.Yield();
            return value + 1L;
        });
        End(result == value + 1L && manager.IsOnLoop);
    }

    private void End(bool isRight)
    {
        _ended++;
        Findings.Require(isRight, "work has ended otherwise than it should, or on another thread");
    }
}
