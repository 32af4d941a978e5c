using Compare.Rounds;
using Vigil.Benchmarks.Reporting;

namespace Compare.Peers;

/// <summary>All peers, in the order of their columns, and which are missing on this machine and why.</summary>
internal sealed class PeerCatalogue : IDisposable
{
    private readonly NativeToolchain? _toolchain;
    private readonly List<Peer> _peers = [];
    private readonly List<string> _missing = [];

    /// <param name="toolchain">Builds the drivers in C; null if there is no compiler.</param>
    /// <param name="statsDDirectory">Where npm has installed statsd; null if it has not.</param>
    /// <exception cref="InvalidOperationException">A driver does not compile, or statsd is not where it should be.</exception>
    public PeerCatalogue(NativeToolchain? toolchain, string? statsDDirectory)
    {
        _toolchain = toolchain;
        AddNative("raw C", "raw epoll in C", "raw_epoll", "raw_epoll", "sys/epoll.h", package: "libc6-dev");
        AddNative(
            "raw C, spin 50 µs",
            "raw epoll in C",
            "raw_epoll-spin",
            "raw_epoll",
            "sys/epoll.h",
            package: "libc6-dev",
            "-DECHO_SPIN_US=50");
        Vigil = new ManagedPeer("Vigil", "", "vigil");
        _peers.Add(Vigil);
        _peers.Add(new ManagedPeer("Vigil, spin 50 µs", "", "vigil-spin"));
        _peers.Add(new ManagedPeer("Vigil, default buffer", "", "vigil-default-buffer"));
        AddNative("libuv", "libuv", "libuv", "libuv", "uv.h", "libuv1-dev", "-luv");
        AddNative("libevent", "libevent", "libevent", "libevent", "event2/event.h", "libevent-dev", "-levent_core");
        AddNative(
            "libevent, common timeouts",
            "libevent",
            "libevent-common",
            "libevent",
            "event2/event.h",
            "libevent-dev",
            "-levent_core",
            "-DCOMMON_TIMEOUTS");
        AddNative("libev", "libev", "libev", "libev", "ev.h", "libev-dev", "-lev");
        AddNative("sd-event", "libsystemd", "sd-event", "sd-event", "systemd/sd-event.h", "libsystemd-dev", "-lsystemd");
        _peers.AddRange(
        [
            new ManagedPeer("`Socket`", "", "socket"),
            new ManagedPeer("`Socket`, inline", "completions inline", "socket", ("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1")),
            new ManagedPeer("`Timer`", "", "timer"),
            new ManagedPeer("`PeriodicTimer`", "", "periodic-timer"),
            new ManagedPeer("`Channel`", "", "channel"),
            new ManagedPeer("`BlockingCollection`", "", "blocking-collection"),
            new ManagedPeer("`ThreadPool`", "", "thread-pool"),
            new ManagedPeer("`Task.Run`", "", "task-run"),
            new ManagedPeer("`FileSystemWatcher`", "", "file-system-watcher"),
        ]);
        AddStatsD(statsDDirectory);
        LoadGenerator = toolchain is null ? null : NativePeer.Create("load", "", toolchain.Build("load", "load"));
    }

    public IReadOnlyList<Peer> All => _peers;

    /// <summary>The reference of all ratios: the limit.</summary>
    public Peer? Raw { get; private set; }

    /// <summary>The reference where raw epoll has no counterpart.</summary>
    public Peer Vigil { get; }

    /// <summary>The load generator of servers; null if there is no compiler.</summary>
    public Peer? LoadGenerator { get; }

    /// <summary>One sentence per peer that was left out everywhere.</summary>
    public IReadOnlyList<string> Missing => _missing;

    /// <summary>A sentence if npm's statsd, which only serves, was left out.</summary>
    public string? MissingStatsD { get; private set; }

    /// <summary>Libraries with their versions.</summary>
    public IEnumerable<string> Versions => _peers.OfType<NativePeer>().Select(peer => peer.Description).Distinct(StringComparer.Ordinal);

    /// <summary>The reference of a figure: raw C, or Vigil if raw C has no such figure; null if neither has.</summary>
    public Peer? ReferenceOf(CaseResult result, int figure) =>
        new[] { Raw, Vigil }.FirstOrDefault(peer => peer is not null && result.FiguresOf(peer, figure) is { Median: > 0 });

    public void Dispose() => _peers.OfType<StatsDPeer>().ToList().ForEach(peer => peer.Dispose());

    private void AddStatsD(string? directory)
    {
        if (directory is null)
        {
            MissingStatsD = "npm `statsd`: no directory was given (--statsd).";
        }
        else
        {
            _peers.Add(StatsDPeer.In(directory));
        }
    }

    private void AddNative(
        string name,
        string library,
        string program,
        string directory,
        string header,
        string package,
        params string[] flags)
    {
        if (_toolchain is null)
        {
            _missing.Add($"{name}: there is no C compiler (cc).");
        }
        else if (!NativeToolchain.HasHeader(header))
        {
            _missing.Add($"{name}: {header} is not there (Debian's package {package}).");
        }
        else
        {
            var peer = NativePeer.Create(name, library, _toolchain.Build(program, directory, flags));
            _peers.Add(peer);
            Raw ??= directory == "raw_epoll" ? peer : null;
        }
    }
}
