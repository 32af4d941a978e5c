using System.Reflection;
using Vigil.Internals.Tests.Support;

namespace Vigil.Internals.Tests.Work;

/// <summary>Waiting for room, and giving it up.</summary>
public class QueueRoomTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whoever_gives_up_waiting_is_counted_back_and_costs_the_next_no_room(bool isInterrupted)
    {
        var room = new QueueRoom(1);
        Assert.True(room.TryEnter());
        using var source = new CancellationTokenSource();
        Thread? self = null;
        var impatient = new BackgroundThread<Exception?>(() =>
        {
            Volatile.Write(ref self, Thread.CurrentThread);
            return Record.Exception(() => room.WaitAndEnter(source.Token));
        });
        var patient = new BackgroundThread<bool>(() => room.WaitAndEnter(CancellationToken.None));
        Patience.Until(() => Waiters(room) == 2, "both wait");
        if (isInterrupted)
        {
            self!.Interrupt();
        }
        else
        {
            source.Cancel();
        }

        Assert.IsType(isInterrupted ? typeof(ThreadInterruptedException) : typeof(OperationCanceledException), impatient.Result());
        Assert.True(patient.IsAlive);
        room.Leave();
        Assert.True(patient.Result());
        Assert.Equal(0, Waiters(room));
        Assert.False(room.TryEnter());
    }

    [Fact]
    public void An_interrupted_thread_closes_a_room_that_others_use_at_the_moment()
    {
        var room = new QueueRoom(1);
        Assert.True(room.TryEnter());
        var waiter = new BackgroundThread<bool>(() => room.WaitAndEnter(CancellationToken.None));
        Patience.Until(() => Waiters(room) == 1, "one waits");
        object gate = typeof(QueueRoom).GetField("_waiting", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(room)!;
        Monitor.Enter(gate);
        BackgroundThread<bool> closer;
        try
        {
            closer = new BackgroundThread<bool>(() =>
            {
                Thread.CurrentThread.Interrupt();
                room.Close();
                return Record.Exception(() => Thread.Sleep(0)) is ThreadInterruptedException;
            });
            closer.AwaitSleep();
        }
        finally
        {
            Monitor.Exit(gate);
        }

        Assert.True(closer.Result());
        Assert.False(waiter.Result());
    }

    private static int Waiters(QueueRoom room) =>
        (int)typeof(QueueRoom).GetField("_waiters", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(room)!;
}
