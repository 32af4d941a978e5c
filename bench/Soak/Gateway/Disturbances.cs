using Vigil;

namespace Soak.Gateway;

/// <summary>What happens to the gateway meanwhile: reloads, signals, stops, and a Graphite server that stalls or goes away.</summary>
internal sealed class Disturbances : IDisposable
{
    private readonly GatewayUnderTest _gateway;
    private readonly GatewayConfiguration _configuration;
    private readonly GraphiteReceiver _receiver;
    private readonly Schedule _schedule;
    private readonly Findings _findings;
    private readonly Random _random;
    private readonly Gate _gate;
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    public Disturbances(
        GatewayUnderTest gateway,
        GatewayConfiguration configuration,
        GraphiteReceiver receiver,
        Schedule schedule,
        Random random,
        Findings findings)
    {
        _gateway = gateway;
        _configuration = configuration;
        _receiver = receiver;
        _schedule = schedule;
        _random = random;
        _findings = findings;
        _gate = new Gate(findings);
        _gate.Start("soak-disturber", Disturb);
    }

    /// <summary>How often each was done.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    public void Start() => _gate.Open();

    /// <summary>Ends them, and gives the gateway its usual configuration.</summary>
    public void Rest()
    {
        _gate.Close();
        _findings.Require(Patience.Await(() => _gate.HoldsAll), "the disturbances do not end");
        _configuration.WriteUsual();
        _gateway.Reload();
    }

    public void Dispose() => _gate.Dispose();

    private void Disturb()
    {
        switch (_random.Next(8))
        {
            case 0:
                Count("changed configurations, SIGHUP");
                _configuration.WriteChanged(_random);
                _gateway.Send(Signal.SIGHUP);
                break;
            case 1:
                // Its watch notices.
                Count("changed configurations, without a signal");
                _configuration.WriteChanged(_random);
                break;
            case 2:
                Count("wrong configurations, SIGHUP");
                _configuration.WriteWrong(_random);
                _gateway.Send(Signal.SIGHUP);
                break;
            case 3:
                Count("SIGHUP in bursts");
                for (int i = 0; i < 5; i++)
                {
                    _gateway.Send(Signal.SIGHUP);
                }

                break;
            case 4:
                Count("SIGUSR1");
                _gateway.Send(Signal.SIGUSR1);
                break;
            case 5:
                Count("SIGSTOP and SIGCONT");
                _gateway.Send(Signal.SIGSTOP);
                _gate.Pause(_schedule.LongestStop * _random.NextDouble());
                _gateway.Send(Signal.SIGCONT);
                break;
            case 6:
                Count("Graphite servers that do not read");
                _receiver.Stall(_schedule.LongestStop * _random.NextDouble());
                break;
            default:
                Count("Graphite servers that end the connection");
                _receiver.EndConnections();
                break;
        }

        _gate.Pause(_schedule.DisturbancePause * _random.NextDouble());
    }

    private void Count(string name) => _counts[name] = _counts.GetValueOrDefault(name) + 1;
}
