using System.Diagnostics;
using System.Globalization;

namespace Vigil.Tests.Systemd;

/// <summary>What a service tells its manager.</summary>
public sealed class ServiceNotifierTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Start_reload_status_and_stop_are_exact_datagrams(bool isPath)
    {
        using NotifySocketServer server = isPath ? NotifySocketServer.AtPath() : NotifySocketServer.AtAbstractName();
        using var notifier = new ServiceNotifier(server.Address);
        Assert.True(notifier.IsAvailable);
        Assert.Equal(server.Address, notifier.Address);

        notifier.Ready();
        Assert.Equal("READY=1", server.Receive());
        long before = Stopwatch.GetTimestamp() / 1000;
        notifier.Reloading();
        string[] reloading = server.Receive().Split('\n');
        Assert.Equal("RELOADING=1", reloading[0]);
        Assert.StartsWith("MONOTONIC_USEC=", reloading[1], StringComparison.Ordinal);
        Assert.InRange(
            long.Parse(reloading[1].Split('=')[1], CultureInfo.InvariantCulture), before, Stopwatch.GetTimestamp() / 1000);
        Assert.Equal(2, reloading.Length);
        notifier.Ready("reloaded");
        Assert.Equal("READY=1\nSTATUS=reloaded", server.Receive());
        notifier.Stopping();
        Assert.Equal("STOPPING=1", server.Receive());
        notifier.ExtendTimeout(TimeSpan.FromSeconds(1.5));
        Assert.Equal("EXTEND_TIMEOUT_USEC=1500000", server.Receive());
        notifier.Errno(98);
        Assert.Equal("ERRNO=98", server.Receive());
        notifier.ExitStatus(3);
        Assert.Equal("EXIT_STATUS=3", server.Receive());
        notifier.MainProcess(17);
        Assert.Equal("MAINPID=17", server.Receive());
        notifier.Beat();
        Assert.Equal("WATCHDOG=1", server.Receive());
        notifier.TriggerWatchdog();
        Assert.Equal("WATCHDOG=trigger", server.Receive());
        notifier.ChangeWatchdogPeriod(TimeSpan.FromSeconds(2));
        Assert.Equal("WATCHDOG_USEC=2000000", server.Receive());
        notifier.Send("NOTIFYACCESS=all", "X_MINE=1");
        Assert.Equal("NOTIFYACCESS=all\nX_MINE=1", server.Receive());
        Assert.Null(server.ReceiveWithin(TimeSpan.Zero));
    }

    [Fact]
    public void A_status_is_sent_once_in_a_second_if_it_has_changed_and_the_newest_wins()
    {
        using NotifySocketServer server = NotifySocketServer.AtPath();
        using var notifier = new ServiceNotifier(server.Address);
        long start = Stopwatch.GetTimestamp();
        notifier.Status("one");
        Assert.Equal("STATUS=one", server.Receive());
        notifier.Status("one");
        notifier.Status("two");
        notifier.Status("three");
        notifier.Status("three");
        Assert.Equal("STATUS=three", server.Receive());
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromSeconds(1), "The second one came too early.");

        // What is wanted again before its time has come is not sent, since nothing has changed.
        notifier.Status("four");
        notifier.Status("three");
        notifier.Ready();
        Assert.Equal("READY=1", server.Receive());
        notifier.Status("five");
        Assert.Equal("STATUS=five", server.Receive());
    }

    [Fact]
    public void A_status_that_goes_with_another_message_is_sent_at_once_and_an_older_one_does_not_follow()
    {
        using NotifySocketServer server = NotifySocketServer.AtPath();
        using var notifier = new ServiceNotifier(server.Address);
        notifier.Status("one");
        notifier.Status("two");
        notifier.Ready("three");
        notifier.Status("three");
        notifier.Status("four");
        Assert.Equal(["STATUS=one", "READY=1\nSTATUS=three", "STATUS=four"], Enumerable.Range(0, 3).Select(_ => server.Receive()));
    }

    [Fact]
    public void A_status_is_one_line_of_limited_length()
    {
        using NotifySocketServer server = NotifySocketServer.AtPath();
        using var notifier = new ServiceNotifier(server.Address);
        notifier.Ready("one\nREADY=0\ttwo\0");
        Assert.Equal("READY=1\nSTATUS=one READY=0 two ", server.Receive());
        notifier.Ready(new string('é', ServiceNotifier.MaxStatusBytes));
        Assert.Equal($"READY=1\nSTATUS={new string('é', ServiceNotifier.MaxStatusBytes / 2)}", server.Receive());
    }

    [Fact]
    public void What_finds_the_socket_full_is_sent_later_in_its_order_and_nobody_waits_or_fails()
    {
        using NotifySocketServer server = NotifySocketServer.AtPath();
        using var notifier = new ServiceNotifier(server.Address, storeCapacity: 10);
        var failures = new List<string>();
        notifier.Failed += (_, failure) => failures.Add(failure.ToString());
        int full = server.Fill();
        using var pipe = new UnixPipe();
        notifier.Status("lost");
        notifier.Ready();
        Assert.True(notifier.StoreDescriptors("pipe", pipe.Reader));
        notifier.Status("newest");
        notifier.Stopping();

        // The descriptor that waits is a duplicate.
        pipe.Dispose();
        for (int i = 0; i < full; i++)
        {
            Assert.Equal("X_FULL=1", server.Receive());
        }

        Assert.Equal("READY=1", server.Receive());
        Assert.Equal(("FDSTORE=1\nFDNAME=pipe", 1), server.ReceiveWithDescriptors());
        Assert.Equal("STOPPING=1", server.Receive());
        Assert.Equal("STATUS=newest", server.Receive());
        Assert.Empty(failures);
    }

    [Fact]
    public void More_than_can_wait_is_lost_and_reported_once()
    {
        using NotifySocketServer server = NotifySocketServer.AtPath();
        using var notifier = new ServiceNotifier(server.Address);
        var failures = new List<NotifyFailure>();
        notifier.Failed += (_, failure) => failures.Add(failure);
        int full = server.Fill();
        for (int i = 0; i < 70; i++)
        {
            notifier.Send(string.Create(CultureInfo.InvariantCulture, $"X_MINE={i}"));
        }

        NotifyFailure failure = Assert.Single(failures);
        Assert.Equal(11, failure.Errno);
        Assert.Contains("X_MINE=64", failure.ToString(), StringComparison.Ordinal);
        Assert.Contains(server.Address, failure.ToString(), StringComparison.Ordinal);
        for (int i = 0; i < full + 64; i++)
        {
            string text = server.Receive();
            Assert.Equal(i < full ? "X_FULL=1" : string.Create(CultureInfo.InvariantCulture, $"X_MINE={i - full}"), text);
        }

        notifier.Ready();
        Assert.Equal("READY=1", server.Receive());
    }

    [Fact]
    public void What_still_waits_at_the_end_is_reported_as_lost()
    {
        using NotifySocketServer server = NotifySocketServer.AtPath();
        var notifier = new ServiceNotifier(server.Address);
        var failures = new List<string>();
        notifier.Failed += (_, failure) => failures.Add(failure.ToString());
        int full = server.Fill();
        notifier.Stopping();
        notifier.Dispose();
        Assert.Contains("STOPPING=1", Assert.Single(failures), StringComparison.Ordinal);
        for (int i = 0; i < full; i++)
        {
            server.Receive();
        }

        notifier.Ready();
        notifier.Status("late");
        notifier.TriggerWatchdog();
        notifier.Dispose();
        Assert.Null(server.ReceiveWithin(TimeSpan.Zero));
    }

    [Fact]
    public void At_the_end_a_status_is_sent_before_its_time()
    {
        using NotifySocketServer server = NotifySocketServer.AtPath();
        var notifier = new ServiceNotifier(server.Address);
        notifier.Status("one");
        notifier.Status("two");
        notifier.Dispose();
        Assert.Equal(["STATUS=one", "STATUS=two"], [server.Receive(), server.Receive()]);
    }

    [Fact]
    public void A_socket_that_is_gone_is_reported_once_until_a_message_is_taken_again()
    {
        NotifySocketServer server = NotifySocketServer.AtPath();
        using var notifier = new ServiceNotifier(server.Address);
        var failures = new List<NotifyFailure>();
        notifier.Failed += (_, failure) => failures.Add(failure);
        server.Dispose();
        notifier.Ready();
        notifier.Status("unheard");
        notifier.Stopping();
        Assert.Equal(2, Assert.Single(failures).Errno);
        Assert.Contains("READY=1 was lost", failures[0].ToString(), StringComparison.Ordinal);

        Directory.CreateDirectory(Path.GetDirectoryName(server.Address)!);
        using (NotifySocketServer again = server.Again())
        {
            notifier.Ready();
            Assert.Equal("READY=1", again.Receive());
        }

        notifier.Stopping();
        Assert.Equal(2, failures.Count);
        Directory.Delete(Path.GetDirectoryName(server.Address)!);
    }

    [Fact]
    public void Descriptors_are_stored_by_name()
    {
        using NotifySocketServer server = NotifySocketServer.AtPath();
        using var notifier = new ServiceNotifier(server.Address, storeCapacity: 300);
        Assert.Equal(300, notifier.StoreCapacity);
        using var pipe = new UnixPipe();
        Assert.True(notifier.StoreDescriptors("two ends", pipe.Reader, pipe.Writer));
        (string text, FdHandle[] descriptors) = server.ReceiveKeeping();
        Assert.Equal("FDSTORE=1\nFDNAME=two ends", text);
        NonBlocking.TryWrite(descriptors[1], "x"u8).ThrowIfFailed("write");
        Assert.Equal(1, NonBlocking.TryRead(pipe.Reader, new byte[2]).Count);
        Array.ForEach(descriptors, fd => fd.Dispose());

        FileDescriptor[] most = [.. Enumerable.Repeat<FileDescriptor>(pipe.Reader, ServiceNotifier.MaxDescriptors)];
        Assert.True(notifier.StoreDescriptorsUntilRemoved("most", most));
        Assert.Equal(("FDSTORE=1\nFDNAME=most\nFDPOLL=0", ServiceNotifier.MaxDescriptors), server.ReceiveWithDescriptors());
        Assert.True(notifier.RemoveStoredDescriptors("most"));
        Assert.Equal("FDSTOREREMOVE=1\nFDNAME=most", server.Receive());
        notifier.MainProcess(Environment.ProcessId, pipe.Reader);
        Assert.Equal(
            (string.Create(CultureInfo.InvariantCulture, $"MAINPID={Environment.ProcessId}\nMAINPIDFD=1"), 1),
            server.ReceiveWithDescriptors());

        Assert.Throws<ArgumentException>(() => notifier.StoreDescriptors("more", [.. most, pipe.Reader]));
        Assert.Throws<ArgumentException>(() => notifier.StoreDescriptors("none"));
        foreach (string name in new[] { "", "a:b", "a\nb", "é", new string('a', 256) })
        {
            Assert.ThrowsAny<ArgumentException>(() => notifier.StoreDescriptors(name, pipe.Reader));
            Assert.ThrowsAny<ArgumentException>(() => notifier.RemoveStoredDescriptors(name));
        }

        pipe.Dispose();
        var closed = Assert.Throws<EventManagerException>(() => notifier.StoreDescriptors("closed", pipe.Reader));
        Assert.Equal(EventManagerError.InvalidDescriptor, closed.Error);
        Assert.Null(server.ReceiveWithin(TimeSpan.Zero));
    }

    [Fact]
    public void Without_a_store_nothing_is_sent_there()
    {
        using NotifySocketServer server = NotifySocketServer.AtPath();
        using var notifier = new ServiceNotifier(server.Address);
        using var pipe = new UnixPipe();
        Assert.False(notifier.StoreDescriptors("pipe", pipe.Reader));
        Assert.False(notifier.RemoveStoredDescriptors("pipe"));
        Assert.Null(server.ReceiveWithin(TimeSpan.Zero));
    }

    [Fact]
    public void Without_a_service_manager_every_call_does_nothing()
    {
        using var manager = new EventManager();
        using var notifier = new ServiceNotifier(address: null, TimeSpan.FromSeconds(1), storeCapacity: 3);
        Assert.False(notifier.IsAvailable);
        Assert.Null(notifier.Address);
        Assert.Null(notifier.WatchdogPeriod);
        Assert.Equal(0, notifier.StoreCapacity);
        notifier.Ready();
        notifier.Reloading();
        notifier.Status("nobody");
        notifier.Stopping();
        notifier.ExtendTimeout(TimeSpan.FromSeconds(1));
        notifier.Errno(1);
        notifier.MainProcess(1);
        notifier.Beat();
        notifier.TriggerWatchdog();
        notifier.ChangeWatchdogPeriod(TimeSpan.FromSeconds(1));
        Assert.False(notifier.StoreDescriptors("pipe", 0));
        Task<bool> barrier = notifier.WaitForBarrierAsync(manager, Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);
        Assert.True(barrier.IsCompleted);
        Assert.False(Patience.Result(barrier));
    }

    [Theory]
    [InlineData("notify", "an address is /path, @name or vsock:CID:PORT")]
    [InlineData("/", "an address is /path, @name or vsock:CID:PORT")]
    [InlineData("@", "an address is /path, @name or vsock:CID:PORT")]
    [InlineData("", "an address is /path, @name or vsock:CID:PORT")]
    [InlineData("vsock:2", "two numbers")]
    [InlineData("vsock:2:x", "two numbers")]
    [InlineData("vsock:2:4294967296", "two numbers")]
    [InlineData("vsock-stream:2:3", "begins with vsock:")]
    [InlineData("LONG", "at most 107 bytes")]
    public void An_address_that_is_none_is_refused_with_a_reason(string address, string reason)
    {
        string text = address is "LONG" ? $"/{new string('a', 107)}" : address;
        var exception = Assert.Throws<ArgumentException>(() => new ServiceNotifier(text));
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Contains(text, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_out_of_range_are_refused_before_anything_is_sent()
    {
        using NotifySocketServer server = NotifySocketServer.AtPath();
        using var notifier = new ServiceNotifier(server.Address);
        Assert.Throws<ArgumentOutOfRangeException>(() => notifier.Errno(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => notifier.ExitStatus(256));
        Assert.Throws<ArgumentOutOfRangeException>(() => notifier.MainProcess(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => notifier.ExtendTimeout(TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => notifier.ChangeWatchdogPeriod(TimeSpan.Zero));
        foreach (string assignment in new[] { "", "READY", "=1", "A=1\nB=2", "BARRIER=1", "FDSTORE=1", "MAINPIDFD=1" })
        {
            Assert.Throws<ArgumentException>(() => notifier.Send(assignment));
        }

        Assert.Throws<ArgumentException>(() => notifier.Send());
        Assert.Throws<ArgumentException>(() => notifier.Send($"X={new string('a', ServiceNotifier.MaxMessageBytes)}"));
        notifier.Send($"X={new string('a', ServiceNotifier.MaxMessageBytes - 2)}");
        Assert.Equal(ServiceNotifier.MaxMessageBytes, server.Receive().Length);
    }
    [Fact]
    public void The_service_manager_of_another_machine_gets_each_message_on_a_connection_of_its_own_and_no_descriptors()
    {
        using var server = VsockListener.TryCreate();
        Assert.SkipWhen(server is null, "This kernel has no loopback of vsock (the module vsock_loopback): there is no peer.");
        using var manager = new EventManager();
        using var notifier = new ServiceNotifier(
            string.Create(CultureInfo.InvariantCulture, $"vsock:1:{server.Port}"), storeCapacity: 3);
        notifier.Ready();
        notifier.Stopping();
        Assert.Equal("READY=1", server.Receive());
        Assert.Equal("STOPPING=1", server.Receive());
        Assert.False(notifier.StoreDescriptors("none", 0));
        Assert.False(Patience.Result(
            notifier.WaitForBarrierAsync(manager, Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken)));
    }
}
