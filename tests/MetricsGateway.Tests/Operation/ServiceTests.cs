using System.Net;
using System.Net.Sockets;
using MetricsGateway.Operation;
using MetricsGateway.Tests.Network;
using Vigil;

namespace MetricsGateway.Tests.Operation;

/// <summary>The gateway as a service of systemd.</summary>
public sealed class ServiceTests : IDisposable
{
    private readonly TestConfiguration _configuration = new();
    private readonly ServiceManager _systemd = new();

    public void Dispose()
    {
        _systemd.Dispose();
        _configuration.Dispose();
    }

    [Fact]
    public void The_service_manager_hears_of_the_start_of_reloads_and_of_the_stop_and_gets_signs_of_life()
    {
        using GatewayProcess gateway = GatewayProcess.StartPrepared(
            $"{_systemd.Preparation}export WATCHDOG_USEC=2000000; ", "--config", _configuration.Path);
        gateway.ReadUntilListening();
        Assert.Equal("READY=1\nSTATUS=0 connections, 0 lines, 0 rejected", _systemd.Receive());
        _systemd.ReceiveBeat();
        _systemd.ReceiveBeat();

        gateway.Signal("HUP");
        AssertReloading();
        Assert.Equal("READY=1\nSTATUS=0 connections, 0 lines, 0 rejected", _systemd.Receive());

        _configuration.WriteText("{ \"max-names\": \"many\" }");
        gateway.Signal("HUP");
        AssertReloading();
        string failed = _systemd.Receive();
        Assert.StartsWith("READY=1\nSTATUS=0 connections, 0 lines, 0 rejected; not reloaded,", failed, StringComparison.Ordinal);
        Assert.Contains("'max-names' must be a whole number", failed, StringComparison.Ordinal);

        _configuration.Write();
        using AdminClient admin = gateway.ConnectAdmin();
        admin.Ask("reload");
        AssertReloading();
        Assert.StartsWith("READY=1\nSTATUS=1 connections, 0 lines, 0 rejected", _systemd.Receive(), StringComparison.Ordinal);

        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.SendLine("a:1|c");
        _systemd.ReceiveUntil(text => text is "STATUS=2 connections, 1 lines, 0 rejected");

        gateway.Signal("TERM");
        Assert.StartsWith("STOPPING=1\nSTATUS=stopping; ", _systemd.Receive(), StringComparison.Ordinal);
        Assert.Equal(0, gateway.WaitForExit().ExitCode);
    }

    [Fact]
    public void The_service_manager_hears_of_a_reload_that_a_changed_file_causes_but_not_of_a_look_at_the_same_content()
    {
        using TestConfiguration watched = new(isWatched: true);
        using GatewayProcess gateway = GatewayProcess.StartPrepared(_systemd.Preparation, "--config", watched.Path);
        gateway.ReadUntilListening();
        Assert.StartsWith("READY=1\n", _systemd.Receive(), StringComparison.Ordinal);

        watched.Write();
        watched.Write(("max-names", 5));
        AssertReloading();
        Assert.StartsWith("READY=1\n", _systemd.Receive(), StringComparison.Ordinal);
        gateway.WaitForError("max-names 100000 → 5");
        gateway.Signal("TERM");
        Assert.StartsWith("STOPPING=1\n", _systemd.Receive(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_that_fails_says_why()
    {
        using Socket other = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        using GatewayProcess gateway = GatewayProcess.StartPrepared(
            _systemd.Preparation, "--config", _configuration.Path, "--admin", $"{other.LocalEndPoint}");
        Assert.Equal("ERRNO=98", _systemd.Receive());
        Assert.Contains(
            "Address already in use",
            _systemd.ReceiveUntil(text => text.StartsWith("STATUS=", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        Assert.Equal(1, gateway.WaitForExit().ExitCode);
    }

    [Fact]
    public void Variables_that_cannot_be_used_are_named_and_nothing_starts()
    {
        using GatewayProcess gateway = GatewayProcess.StartPrepared("export NOTIFY_SOCKET=somewhere; ");
        (int exitCode, _, string errors) = gateway.WaitForExit();
        Assert.Equal(1, exitCode);
        Assert.StartsWith("MetricsGateway: The variable NOTIFY_SOCKET=somewhere cannot be used: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shutdown_that_gets_on_asks_for_more_time_and_one_that_does_not_asks_for_none()
    {
        using ServiceNotifier notifier = new(_systemd.Address);
        using EventManager manager = new();
        long progress = 0;
        bool getsOn = false;
        ServiceReports reports = new(notifier, () => $"{progress}", () => getsOn ? ++progress : progress);
        reports.Begin(manager);
        manager.RunOnce();
        manager.RunOnce();
        Assert.Equal("READY=1\nSTATUS=0", _systemd.Receive());
        reports.Stopping();
        Assert.Equal("STOPPING=1\nSTATUS=0", _systemd.Receive());
        manager.RunOnce();
        getsOn = true;
        manager.RunOnce();
        Assert.Equal("EXTEND_TIMEOUT_USEC=10000000", _systemd.Receive());

        // After the end of a service no reload is over any more.
        reports.Reloading(isRequest: true);
        reports.Reloaded();
        notifier.Send("X_LAST=1");
        Assert.Equal("X_LAST=1", _systemd.Receive());
    }

    [Fact]
    public void A_passed_datagram_socket_stands_in_for_its_option_and_keeps_what_arrives_before_the_start_and_after_the_end()
    {
        RequireActivation();
        IPEndPoint place = KeptPort.NextAtLoopback();
        using GatewayProcess gateway = StartActivated(isDatagram: true, [place], "statsd-udp");
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        client.SendTo("early:1|c\n"u8, place);
        gateway.ReadUntilListening();
        Assert.Equal(place, gateway.StatsDUdp);
        using AdminClient admin = gateway.ConnectAdmin();
        admin.WaitForCounter("early", 1);
        client.SendTo("early:1|c\n"u8, place);
        admin.WaitForCounter("early", 2);
        gateway.Signal("TERM");
        Assert.Equal(0, gateway.WaitForExit().ExitCode);
    }

    [Fact]
    public void Passed_listening_sockets_are_served_by_their_names_and_an_unknown_one_is_told()
    {
        RequireActivation();
        IPEndPoint[] places = [KeptPort.NextAtLoopback(), KeptPort.NextAtLoopback(), KeptPort.NextAtLoopback()];
        using GatewayProcess gateway = StartActivated(isDatagram: false, places, "admin:statsd-tcp:other");
        using Socket first = Client.Connect(places[1]);
        gateway.ReadUntilListening();
        Assert.Equal((places[0], places[1]), (gateway.Admin, gateway.StatsDTcp));
        gateway.WaitForError($"the passed fd 5 \"other\" (listening Stream socket at {places[2]}) has no option's name");
        first.SendLine("a:1|c");
        using AdminClient admin = gateway.ConnectAdmin();
        admin.WaitForCounter("a", 1);

        // They stay at a reload.
        gateway.Signal("HUP");
        gateway.WaitForError("reloaded");
        using Socket second = Client.Connect(places[1]);
        second.SendLine("a:1|c");
        admin.WaitForCounter("a", 2);
        gateway.Signal("TERM");
        Assert.Equal(0, gateway.WaitForExit().ExitCode);
    }

    [Fact]
    public void A_passed_socket_of_another_kind_than_its_option_ends_the_start()
    {
        RequireActivation();
        IPEndPoint place = KeptPort.NextAtLoopback();
        using GatewayProcess gateway = StartActivated(isDatagram: false, [place], "statsd-udp");
        using Socket client = Client.Connect(place);
        (int exitCode, _, string errors) = gateway.WaitForExit();
        Assert.Equal(1, exitCode);
        Assert.Contains(
            $"cannot listen on the passed fd 3 \"statsd-udp\" (listening Stream socket at {place}) (--statsd-udp): it takes bound datagram",
            errors,
            StringComparison.Ordinal);
    }

    private static void RequireActivation() => Assert.SkipUnless(
        File.Exists("/usr/bin/systemd-socket-activate"), "systemd-socket-activate is not installed (package systemd).");

    // The program starts with the first client.
    private GatewayProcess StartActivated(bool isDatagram, IReadOnlyList<IPEndPoint> places, string names)
    {
        string kind = isDatagram ? "--datagram" : "";
        GatewayProcess gateway = GatewayProcess.StartPrepared(
            $"exec systemd-socket-activate {kind} {string.Concat(places.Select(place => $"-l {place} "))}--fdname={names} \"$@\"; ",
            "--config",
            _configuration.Path);
        foreach (IPEndPoint place in places)
        {
            gateway.WaitForError($"Listening on {place} as");
        }

        return gateway;
    }

    private void AssertReloading() =>
        Assert.Matches("^RELOADING=1\nMONOTONIC_USEC=[0-9]+$", _systemd.Receive());
}
