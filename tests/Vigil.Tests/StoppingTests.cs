using System.Net;
using System.Net.Sockets;

namespace Vigil.Tests;

/// <summary>The announcement that a loop is about to be stopped, and the end of a manager that nobody waits for.</summary>
public class StoppingTests
{
    [Fact]
    public void Listening_sockets_are_disarmed_and_the_rest_goes_on()
    {
        using var manager = new EventManager();
        using var accepting = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var subscribed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var pipe = new UnixPipe();
        accepting.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        accepting.Listen();
        subscribed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        subscribed.Listen();
        int accepted = 0;
        int read = 0;
        SocketEvent listener = manager.CreateSocketEvent(accepting, EventSet.In, (_, _) => accepted++);
        SocketEvent reader = manager.CreateSocketEvent(pipe.Reader, EventSet.In, (_, _) => read++);
        manager.AddSubscriber(TestSubscriber.For(new Events(subscribed, EventSet.In), (_, _) => accepted++));

        manager.BeginStopping();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(accepting.LocalEndPoint!);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Connect(subscribed.LocalEndPoint!);
        NonBlocking.TryWrite(pipe.Writer, "x"u8);
        manager.RunOnce(TimeSpan.Zero);

        Assert.True(manager.IsStopping);
        Assert.Equal((0, 1), (accepted, read));
        Assert.Equal(SourceState.Disarmed, listener.State);
        Assert.Equal(SourceState.Armed, reader.State);
        Assert.Equal(2, manager.GetSources().Count(source => source.State == SourceState.Disarmed));
    }

    [Fact]
    public void Those_who_asked_are_told_once_at_the_end_of_the_iteration_the_last_first()
    {
        using var manager = new EventManager();
        List<string> told = [];
        manager.AddStoppingCallback(_ => told.Add("first"));
        HookRegistration removed = manager.AddStoppingCallback(_ => told.Add("removed"));
        manager.AddStoppingCallback(_ => told.Add("last"));
        removed.Dispose();
        manager.Defer(running =>
        {
            running.BeginStopping();
            running.BeginStopping();
            told.Add("begun");
        });
        manager.RunOnce(TimeSpan.Zero);
        manager.RunOnce(TimeSpan.Zero);

        Assert.Equal(["begun", "last", "first"], told);
    }

    [Fact]
    public void Who_asks_after_the_announcement_is_told_with_the_next_iteration()
    {
        using var manager = new EventManager();
        manager.BeginStopping();
        manager.RunOnce(TimeSpan.Zero);
        bool isTold = false;
        manager.AddStoppingCallback(_ => isTold = true);
        manager.RunOnce();

        Assert.True(isTold);
    }

    [Fact]
    public void A_callback_of_the_announcement_that_throws_is_a_fault_of_its_own()
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        List<FaultReport> faults = [];
        manager.FaultReported += (_, fault) => faults.Add(fault);
        bool isTold = false;
        manager.AddStoppingCallback(_ => isTold = true);
        manager.AddStoppingCallback(_ => throw new TimeoutException());
        manager.BeginStopping();
        manager.RunOnce(TimeSpan.Zero);

        Assert.True(isTold);
        Assert.Equal(FaultOrigin.Hook, Assert.Single(faults).Origin);
    }

    [Fact]
    public void The_announcement_is_for_the_loops_thread()
    {
        using var loop = new LoopThread();

        Assert.Equal(
            EventManagerError.WrongThread, Assert.Throws<EventManagerException>(loop.Manager.BeginStopping).Error);
    }

    [Fact]
    public void Nobody_waits_for_the_disposal_of_a_manager_that_was_abandoned()
    {
        using ManualResetEventSlim gate = new();
        TaskCompletionSource begun = new();
        using var loop = new LoopThread();
        loop.Endpoint.Fire(_ =>
        {
            begun.SetResult();
            gate.Wait(Patience.Limit);
        });
        Patience.Wait(begun.Task);
        ValueTask underWay = loop.Manager.DisposeAsync();
        loop.Manager.Abandon();

        Patience.Wait(underWay.AsTask());
        loop.Manager.Dispose();
        Patience.Wait(loop.Manager.DisposeAsync().AsTask());
        Assert.False(loop.Manager.Dispose(TimeSpan.FromSeconds(1)));

        // Its thread disposes it when the callback returns after all.
        gate.Set();
        Patience.Wait(loop.Ended);
        Assert.Throws<ObjectDisposedException>(() => loop.Endpoint.Fire(_ => { }));
        Assert.True(loop.Manager.Dispose(TimeSpan.Zero));
    }

    [Fact]
    public void A_manager_that_nobody_runs_is_disposed_when_it_is_abandoned()
    {
        var manager = new EventManager();
        manager.Abandon();

        Assert.True(manager.Dispose(TimeSpan.Zero));
        Assert.Throws<ObjectDisposedException>(() => manager.RunOnce());
    }
}
