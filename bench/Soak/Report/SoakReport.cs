using System.Globalization;
using Soak.Clients;
using Soak.Loops;
using Soak.Observation;
using Vigil.Benchmarks.Reporting;

namespace Soak.Report;

/// <summary>What was done, what both processes had at each rest, and a plot of the samples.</summary>
internal sealed class SoakReport
{
    /// <summary>What is done instead of stepping the machine's clock.</summary>
    public const string WallClock =
        "The machine's wall clock is not stepped: others use it, and a time namespace has none of its own (time_namespaces(7)). "
        + "A loop of the soak has a clock that is stepped instead; the gateway's is not.";

    private const double MiB = 1 << 20;

    private readonly SoakOptions _options;
    private readonly Schedule _schedule;
    private readonly int _seed;
    private readonly SoakRun _run;
    private readonly StolenTime _stolen;

    public SoakReport(SoakOptions options, Schedule schedule, int seed, SoakRun run, StolenTime stolen)
    {
        _options = options;
        _schedule = schedule;
        _seed = seed;
        _run = run;
        _stolen = stolen;
    }

    /// <summary>The result in a line.</summary>
    public string Summary => string.Create(
        CultureInfo.InvariantCulture,
        $"{_run.Sampler.Elapsed.TotalMinutes:0.0} minutes, {Clients:#,0} clients, {_run.Received:#,0} counted of {_run.Ledger.Closed:#,0}, "
            + $"{_run.Rests.Count} rests, seed {_seed}");

    private long Clients => Enum.GetValues<ClientKind>().Sum(_run.Ledger.CountOf);

    public string Write(Findings findings)
    {
        string caution = _options.IsQuick ? " **A quick run: its figures mean nothing.**" : "";
        List<string> lines =
        [
            MachineDescription.Machine,
            "",
            $"{MachineDescription.DescribeRun(_options.Command(_seed), _stolen)}{caution}",
            "",
            findings.IsEmpty ? $"Nothing was wrong: {Summary}." : $"**{findings.All.Count} things were wrong**: {Summary}.",
            .. findings.All.Select(wrong => $"- {wrong}"),
            "",
        ];
        if (_options.PlotDirectory is { } directory)
        {
            Directory.CreateDirectory(directory);
            string file = Path.Combine(directory, "soak.svg");
            File.WriteAllText(file, $"{SamplePlot.Draw(_run.Sampler.Samples, _run.Sampler.Rests)}\n");
            lines.AddRange([$"![memory, descriptors and threads]({LinkTo(file)})", ""]);
        }

        lines.AddRange(RestLines());
        lines.AddRange(["", "Bounds at rest:", "", .. Bounds.Reasons, ""]);
        lines.AddRange(["| done | times |", "| --- | --: |", .. Done().Select(each => Line(each.What, each.Times))]);
        lines.AddRange(["", WallClock]);
        if (!_run.CanVanish)
        {
            lines.AddRange(["", "Clients that vanish were closed by the kernel, because `TCP_REPAIR` was refused (CAP_NET_ADMIN)."]);
        }

        return string.Join('\n', lines);
    }

    private static string Line(string what, long times) => string.Create(CultureInfo.InvariantCulture, $"| {what} | {times:#,0} |");

    private IEnumerable<(string What, long Times)> Done()
    {
        foreach (ClientKind kind in Enum.GetValues<ClientKind>())
        {
            yield return ($"clients: {kind.ToString().ToLowerInvariant()}", _run.Ledger.CountOf(kind));
        }

        yield return ("datagrams", _run.Ledger.Datagrams);
        yield return ("lines at the Graphite server", _run.GraphiteLines);
        foreach (string figure in (string[])["connections.accepted", "connections.idle_closed", "flush.count", "flush.missed",
            "graphite_send.connections", "reloads.done", "reloads.refused", "statsd_udp.drops"])
        {
            yield return ($"the gateway's `{figure}`", (long)_run.Stats.GetValueOrDefault(figure));
        }

        foreach ((string name, int count) in _run.Disturbances)
        {
            yield return ($"gateway: {name}", count);
        }

        foreach (Workload workload in _run.Workloads)
        {
            yield return ($"loop: {workload.Name}", workload.Count);
        }
    }

    private IEnumerable<string> RestLines() =>
    [
        "| at rest after | gateway: resident | its heap | descriptors | threads | soak: resident | its heap | descriptors | threads | "
            + "timers, descriptors, subscribers of its loops |",
        "| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
        .. _run.Rests.Select(rest => string.Create(
            CultureInfo.InvariantCulture,
            $"| {rest.Time.TotalMinutes:0.0} min | {rest.Gateway.ResidentBytes / MiB:0.0} MiB | {rest.GatewayHeap / MiB:0.0} MiB | "
                + $"{rest.Gateway.DescriptorCount} | {rest.Gateway.ThreadCount} | {rest.Soak.ResidentBytes / MiB:0.0} MiB | "
                + $"{rest.SoakManaged / MiB:0.0} MiB | {rest.Soak.DescriptorCount} | {rest.Soak.ThreadCount} | "
                + $"{rest.Loops.Timers}, {rest.Loops.Sources}, {rest.Loops.Subscribers} |")),
    ];

    // Relative to the file with the report.
    private string LinkTo(string file)
    {
        string from = _options.OutputFile is null ? "." : Path.GetDirectoryName(Path.GetFullPath(_options.OutputFile))!;
        return Path.GetRelativePath(from, file).Replace('\\', '/');
    }
}
