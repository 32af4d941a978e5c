using System.Globalization;
using Soak.Clients;
using Soak.Gateway;
using Soak.Loops;
using Soak.Observation;
using Vigil;

namespace Soak;

/// <summary>The whole run: everything is started, loaded in rounds with a rest after each, compared, and ended.</summary>
internal sealed class SoakRun : IDisposable
{
    private const int Workers = 2;

    private readonly Schedule _schedule;
    private readonly Findings _findings;
    private readonly WorkerPool _pool = new(new WorkerPoolOptions { Name = "soak-pool", ThreadCount = Workers });
    private readonly LoopThread _support;
    private readonly GraphiteReceiver _receiver;
    private readonly GatewayConfiguration _configuration;
    private readonly GatewayUnderTest _gateway;
    private readonly ClientTraffic _clients;
    private readonly Disturbances _disturbances;
    private readonly DrivenLoop[] _loops;
    private readonly FileWorkload _files;
    private readonly PostWorkload _posts;
    private readonly Sampler _sampler;
    private readonly List<RestReading> _rests = [];

    public SoakRun(Schedule schedule, int seed, Findings findings)
    {
        _schedule = schedule;
        _findings = findings;
        var random = new Random(seed);
        _support = new LoopThread("soak-support", findings);
        _receiver = new GraphiteReceiver(_support, findings);
        var ports = Ports.Choose();
        _configuration = new GatewayConfiguration(ports, schedule, _receiver.Port);
        _gateway = new GatewayUnderTest(_support, ports, _configuration.File, findings);
        _clients = new ClientTraffic(ports, schedule.IdleTimeout, new Random(random.Next()), findings);
        _disturbances = new Disturbances(_gateway, _configuration, _receiver, schedule, new Random(random.Next()), findings);

        var driven = new LoopThread("soak-loop", findings, options => options.Workers = _pool);
        _files = new FileWorkload(new Random(random.Next()), findings);
        _posts = new PostWorkload(driven.Endpoint, new Random(random.Next()), findings);
        var clock = new SteppingClock();
        _loops =
        [
            new DrivenLoop(
                driven,
                findings,
                new TimerWorkload(new Random(random.Next()), findings),
                new SignalWorkload(new Random(random.Next()), findings),
                new ChildWorkload(new Random(random.Next()), findings),
                _files,
                new PoolWorkload(Workers, new Random(random.Next()), findings),
                _posts,
                new UserEventWorkload(new Random(random.Next()), findings),
                new RegistrationWorkload(new Random(random.Next()), findings)),
            new DrivenLoop(
                new LoopThread("soak-clock", findings, options => options.TimeProvider = clock),
                findings,
                new ClockStepWorkload(clock, new Random(random.Next()), findings)),
        ];
        _sampler = new Sampler(_gateway.ProcessId, schedule.SamplePeriod);
    }

    public IReadOnlyList<RestReading> Rests => _rests;

    public Sampler Sampler => _sampler;

    public ClientLedger Ledger => _clients.Ledger;

    public bool CanVanish => _clients.CanVanish;

    public long Received => _receiver.SumOf(Counters.Closed);

    public long GraphiteLines => _receiver.Lines;

    /// <summary>The gateway's own figures at the last rest.</summary>
    public IReadOnlyDictionary<string, double> Stats { get; private set; } = new Dictionary<string, double>(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, int> Disturbances => _disturbances.Counts;

    public IEnumerable<Workload> Workloads => _loops.SelectMany(loop => loop.Workloads);

    public void Run()
    {
        Load(_schedule.WarmUp);
        Rest("warm-up");
        for (int i = 1; i <= _schedule.Rounds; i++)
        {
            Load(_schedule.Round);
            Rest(string.Create(CultureInfo.InvariantCulture, $"round {i} of {_schedule.Rounds}"));
            Bounds.Check(_rests[0], _rests[^1], _findings);
        }

        _gateway.End();
        CheckCounts();
    }

    public void Dispose()
    {
        _sampler.Dispose();
        _clients.Dispose();
        _disturbances.Dispose();
        _gateway.Dispose();
        _receiver.Dispose();
        _posts.Dispose();
        foreach (DrivenLoop loop in _loops)
        {
            loop.Dispose();
        }

        _pool.Dispose();
        _support.Dispose();
        _configuration.Dispose();
        _files.Delete();
    }

    private void Load(TimeSpan time)
    {
        foreach (DrivenLoop loop in _loops)
        {
            loop.Start();
        }

        _clients.Start();
        _disturbances.Start();
        Thread.Sleep(time);
    }

    private void Rest(string after)
    {
        TimeSpan begin = _sampler.Elapsed;
        _clients.Rest();
        _disturbances.Rest();
        foreach (DrivenLoop loop in _loops)
        {
            loop.Rest();
        }

        // The connection that asks is the only one left, and nothing waits to be flushed.
        IReadOnlyDictionary<string, double> stats = _gateway.Stats;
        bool isQuiet = Patience.Await(() =>
        {
            stats = _gateway.Stats;
            return stats["connections.open"] == 1 && stats["graphite_send.waiting_lines"] == 0 && stats["graphite_send.connected"] == 1
                && stats["names.total"] == 0;
        });
        _findings.Require(
            isQuiet,
            $"the gateway is not quiet: {stats["connections.open"] - 1} connections, {stats["names.total"]} names, "
                + $"{stats["graphite_send.waiting_lines"]} lines for Graphite");
        _clients.CloseStalled();
        AwaitCounts();
        Thread.Sleep(_schedule.Idle);
        Read();
        CheckStats();
        _sampler.AddRest(begin);
        RestReading now = _rests[^1];
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{after}: {now.Time.TotalMinutes:0.0} min, {Ledger.Closed} counted; gateway {now.Gateway.ResidentBytes >> 20} MiB, "
                + $"{now.Gateway.DescriptorCount} descriptors, {now.Gateway.ThreadCount} threads; soak {now.Soak.ResidentBytes >> 20} MiB, "
                + $"{now.Soak.DescriptorCount} descriptors, {now.Soak.ThreadCount} threads …"));
    }

    private void Read()
    {
        // Twice, with finalizers between: what they release is released, too.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        // Before anything is asked: a question is a connection, which the gateway closes a little later.
        ProcessReading gateway = _gateway.Reading;
        IReadOnlyDictionary<string, double> stats = _gateway.Stats;
        Stats = stats;
        _rests.Add(new RestReading(
            _sampler.Elapsed,
            gateway,
            (long)stats["memory.heap_bytes"],
            (long)stats["names.total"],
            ProcessReading.Of(Environment.ProcessId),
            GC.GetTotalMemory(forceFullCollection: true),
            _loops.Select(loop => loop.Contents).Aggregate((one, other) => one + other)));
    }

    // The last flush of the round takes up to an interval to arrive.
    private void AwaitCounts()
    {
        Patience.Await(() => Received >= Ledger.Closed);
        CheckCounts();
    }

    private void CheckCounts()
    {
        _findings.Require(
            Received >= Ledger.Closed && Received <= Ledger.Closed + Ledger.Either,
            $"clients that closed normally sent {Ledger.Closed}, {(Ledger.Either == 0 ? "" : $"those that were cut off {Ledger.Either}, ")}"
                + $"and the flushes counted {Received}");
        long lost = _receiver.SumOf(Counters.Lost);
        _findings.Require(lost <= Ledger.Lost, $"clients that went away sent at most {Ledger.Lost}, and the flushes counted {lost}");
    }

    private void CheckStats()
    {
        IReadOnlyDictionary<string, double> stats = _gateway.Stats;
        foreach (string never in (string[])["loop.faults", "flush.failed", "graphite_send.dropped_lines", "workers.failed",
            "listeners.failures"])
        {
            _findings.Require(stats.GetValueOrDefault(never) == 0, $"the gateway's {never} is {stats.GetValueOrDefault(never)}");
        }

        double arrived = stats["statsd_udp.packets"] + stats.GetValueOrDefault("statsd_udp.drops");
        _findings.Require(
            arrived == Ledger.Datagrams, $"{Ledger.Datagrams} datagrams were sent, and {arrived} were received or counted as dropped");
        long counted = _receiver.SumOf(Counters.Datagram);
        _findings.Require(
            counted <= Ledger.Counted && (counted == Ledger.Counted || stats.GetValueOrDefault("statsd_udp.drops") > 0),
            $"{Ledger.Counted} datagrams with counters were sent, none was dropped, and the flushes counted {counted}");
    }
}
