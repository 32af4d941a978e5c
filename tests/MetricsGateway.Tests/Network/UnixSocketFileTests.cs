using System.Net.Sockets;
using MetricsGateway.Configuration;
using MetricsGateway.Network;

namespace MetricsGateway.Tests.Network;

/// <summary>The file of the Unix socket: other files at its path, and its removal.</summary>
public sealed class UnixSocketFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gateway");
    private readonly string _path;

    public UnixSocketFileTests()
    {
        _path = Path.Combine(_directory.FullName, "socket");
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void It_is_there_while_the_gateway_runs()
    {
        using (RunningGateway gateway = new(OnPath))
        {
            using AdminClient admin = gateway.ConnectAdmin();
            Client.SendDatagram(_path, "a:1|c\nb:2|c"u8);
            admin.WaitForStat("statsd_unix.metrics", 2);
        }

        Assert.False(File.Exists(_path));
    }

    [Fact]
    public void A_socket_whose_process_was_killed_is_replaced()
    {
        using (GatewayProcess killed = GatewayProcess.Start("--unix-socket", _path))
        {
            killed.Signal("KILL");
            Assert.Equal(128 + 9, killed.WaitForExit().ExitCode);
        }

        Assert.True(File.Exists(_path));
        using RunningGateway gateway = new(OnPath);
        using AdminClient admin = gateway.ConnectAdmin();
        Client.SendDatagram(_path, "a:1|c"u8);
        admin.WaitForStat("statsd_unix.metrics", 1);
    }

    [Fact]
    public void A_socket_that_somebody_listens_on_stays_his()
    {
        using RunningGateway first = new(OnPath);

        AssertTaken();
        using AdminClient admin = first.ConnectAdmin();
        Client.SendDatagram(_path, "a:1|c"u8);
        admin.WaitForStat("statsd_unix.metrics", 1);
    }

    [Fact]
    public void A_stream_socket_that_somebody_listens_on_stays_his()
    {
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(_path));
        listener.Listen();

        AssertTaken();
        Assert.True(File.Exists(_path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("content")]
    public void A_file_stays_as_it_is(string content)
    {
        File.WriteAllText(_path, content);

        AssertTaken();
        Assert.Equal(content, File.ReadAllText(_path));
    }

    [Fact]
    public void A_link_stays_as_it_is()
    {
        File.CreateSymbolicLink(_path, Path.Combine(_directory.FullName, "elsewhere"));

        AssertTaken();
        Assert.NotNull(new FileInfo(_path).LinkTarget);
    }

    [Fact]
    public void A_directory_that_does_not_exist_is_named()
    {
        string missing = Path.Combine(_directory.FullName, "missing");

        ListenException exception = Assert.Throws<ListenException>(
            () => new RunningGateway(options => options with { UnixSocket = Path.Combine(missing, "socket") }));

        Assert.Equal($"cannot listen on {missing}/socket (--unix-socket): there is no directory {missing}", exception.Message);
    }

    [Theory]
    [InlineData(
        "unix-socket-mode",
        "0722",
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)]
    [InlineData(
        "unix-socket-mode",
        "660",
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite)]
    public void Who_may_send_is_the_options_choice(string option, string value, UnixFileMode mode)
    {
        GatewayOptions options = GatewayOptions.Defaults;
        Assert.True(OptionTable.Find(option)!.TryApply(value, ref options));
        using RunningGateway gateway = new(all => all with { UnixSocket = _path, UnixSocketMode = options.UnixSocketMode });

        Assert.Equal(mode, File.GetUnixFileMode(_path));
    }

    [Fact]
    public void Everybody_may_send_unless_told_otherwise()
    {
        using RunningGateway gateway = new(OnPath);

        Assert.Equal(
            UnixFileMode.OtherWrite | UnixFileMode.GroupWrite,
            File.GetUnixFileMode(_path) & (UnixFileMode.OtherWrite | UnixFileMode.GroupWrite));
    }

    [Fact]
    public void What_somebody_else_has_put_at_its_path_meanwhile_stays()
    {
        using (new RunningGateway(OnPath))
        {
            File.Move(_path, _path + ".moved");
            File.WriteAllText(_path, "not a socket");
        }

        Assert.Equal("not a socket", File.ReadAllText(_path));
    }

    [Fact]
    public void The_socket_of_another_gateway_that_has_taken_over_its_path_stays()
    {
        RunningGateway first = new(OnPath);
        File.Delete(_path);
        using RunningGateway second = new(OnPath);
        first.Dispose();

        using AdminClient admin = second.ConnectAdmin();
        Client.SendDatagram(_path, "a:1|c"u8);
        admin.WaitForStat("statsd_unix.metrics", 1);
    }

    private GatewayOptions OnPath(GatewayOptions options) => options with { UnixSocket = _path };

    private void AssertTaken()
    {
        ListenException exception = Assert.Throws<ListenException>(() => new RunningGateway(OnPath));
        Assert.Equal($"cannot listen on {_path} (--unix-socket): Address already in use", exception.Message);
    }
}
