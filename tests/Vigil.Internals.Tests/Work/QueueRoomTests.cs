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

    private static int Waiters(QueueRoom room) =>
        (int)typeof(QueueRoom).GetField("_waiters", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(room)!;
}
