using Vigil;

namespace Soak.Loops;

/// <summary>Posts and calls from threads of their own. Each runs once, and each call returns what the loop has returned.</summary>
internal sealed class PostWorkload : Workload, IDisposable
{
    private const int Senders = 2;

    private readonly Gate _gate;
    private readonly RemoteEndpoint _endpoint;
    private long _sent;
    private long _ran;

    public PostWorkload(RemoteEndpoint endpoint, Random random, Findings findings)
        : base(random, findings)
    {
        _endpoint = endpoint;
        _gate = new Gate(findings);
        for (int i = 0; i < Senders; i++)
        {
            var choices = new Random(random.Next());
            _gate.Start($"soak-sender-{i}", () => Send(choices));
        }
    }

    public override string Name => "posts and calls from other threads";

    public override long Count => Interlocked.Read(ref _sent);

    public override string? Outstanding => _gate.HoldsAll && Interlocked.Read(ref _sent) == _ran
        ? null
        : $"sent {Interlocked.Read(ref _sent)}, ran {_ran}, senders {(_gate.HoldsAll ? "wait" : "are busy")}";

    // Its threads have their own.
    protected override TimeSpan Pace => TimeSpan.FromSeconds(1);

    public void Dispose() => _gate.Dispose();

    public override void Finish()
    {
    }

    protected override void OnStart(EventManager manager) => _gate.Open();

    protected override void Step(EventManager manager)
    {
    }

    protected override void OnStop() => _gate.Close();

    private void Send(Random choices)
    {
        for (int i = choices.Next(1, 100); i > 0; i--)
        {
            long value = choices.NextInt64();
            switch (choices.Next(8))
            {
                case 0:
                    Interlocked.Increment(ref _sent);
                    Findings.Require(_endpoint.CallBlocking(_ => Ran(value)) == value, "a call returned something else");
                    break;
                case 1:
                    Interlocked.Increment(ref _sent);
                    long result = _endpoint.CallAsync(_ => Ran(value)).GetAwaiter().GetResult();
                    Findings.Require(result == value, "a call returned something else");
                    break;
                case 2:
                    Interlocked.Increment(ref _sent);
                    if (!_endpoint.TryFire(static (_, workload) => workload._ran++, this))
                    {
                        Interlocked.Decrement(ref _sent);
                    }

                    break;
                case 3:
                    _endpoint.Kick();
                    break;
                default:
                    Interlocked.Increment(ref _sent);
                    _endpoint.Fire(static (_, workload) => workload._ran++, this);
                    break;
            }
        }

        _gate.Pause(TimeSpan.FromMilliseconds(choices.Next(1, 10)));
    }

    private long Ran(long value)
    {
        _ran++;
        return value;
    }
}
