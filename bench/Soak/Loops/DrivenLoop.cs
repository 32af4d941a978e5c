using Vigil;

namespace Soak.Loops;

/// <summary>A loop with workloads.</summary>
internal sealed class DrivenLoop : IDisposable
{
    private readonly LoopThread _loop;
    private readonly Findings _findings;
    private readonly IReadOnlyList<Workload> _workloads;

    public DrivenLoop(LoopThread loop, Findings findings, params IReadOnlyList<Workload> workloads)
    {
        _loop = loop;
        _findings = findings;
        _workloads = workloads;
    }

    public IReadOnlyList<Workload> Workloads => _workloads;

    public LoopContents Contents => _loop.Contents;

    public EventManagerStatistics Statistics => _loop.Statistics;

    public void Start() => _loop.Endpoint.CallBlocking(manager =>
    {
        foreach (Workload each in _workloads)
        {
            each.Start(manager);
        }
    });

    /// <summary>Lets everything end.</summary>
    public void Rest()
    {
        _loop.Endpoint.CallBlocking(_ =>
        {
            foreach (Workload each in _workloads)
            {
                each.Stop();
            }
        });
        foreach (Workload each in _workloads)
        {
            string? outstanding = null;
            if (!Patience.Await(() => (outstanding = _loop.Endpoint.CallBlocking(_ => each.Outstanding)) is null))
            {
                _findings.Add($"{each.Name}: still outstanding: {outstanding}");
            }
        }

        _loop.Endpoint.CallBlocking(_ =>
        {
            foreach (Workload each in _workloads)
            {
                each.Finish();
            }
        });
    }

    public void Dispose() => _loop.Dispose();
}
