using Vigil.Internals.Tests.Support;
using Vigil.Threading;

namespace Vigil.Internals.Tests.Threading;

public sealed class UninterruptedTests
{
    [Fact]
    public void A_lock_is_had_by_a_thread_that_is_interrupted_before_and_while_it_waits_and_the_interrupt_is_pending_afterwards()
    {
        var gate = new Lock();
        bool isHeld = false;
        Thread? waiting = null;
        gate.Enter();
        var waiter = new BackgroundThread<bool>(() =>
        {
            Volatile.Write(ref waiting, Thread.CurrentThread);
            Thread.CurrentThread.Interrupt();
            using (Uninterrupted.Enter(gate))
            {
                Assert.True(isHeld);
            }

            Assert.Throws<ThreadInterruptedException>(() => Thread.Sleep(0));
            return true;
        });
        Patience.Until(() => Volatile.Read(ref waiting) is not null, "the waiter begins");
        for (int i = 0; i < 3; i++)
        {
            waiter.AwaitSleep();
            waiting!.Interrupt();
        }

        isHeld = true;
        gate.Exit();
        Assert.True(waiter.Result());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_tasks_end_is_awaited_whether_or_not_the_thread_is_interrupted_and_the_task_fails(bool fails)
    {
        var end = new TaskCompletionSource();
        Thread? waiting = null;
        var waiter = new BackgroundThread<bool>(() =>
        {
            Volatile.Write(ref waiting, Thread.CurrentThread);
            Thread.CurrentThread.Interrupt();
            bool hasEnded = Uninterrupted.Wait(end.Task, Timeout.InfiniteTimeSpan);
            Assert.Throws<ThreadInterruptedException>(() => Thread.Sleep(0));
            return hasEnded;
        });
        Patience.Until(() => Volatile.Read(ref waiting) is not null, "the waiter begins");
        waiter.AwaitSleep();
        waiting!.Interrupt();
        waiter.AwaitSleep();
        if (fails)
        {
            end.SetException(new FormatException());
        }
        else
        {
            end.SetResult();
        }

        Assert.True(waiter.Result());
    }

    [Fact]
    public void The_wait_for_a_task_of_a_thread_that_is_interrupted_ends_when_its_time_is_over()
    {
        var never = new TaskCompletionSource();
        Assert.False(new BackgroundThread<bool>(() =>
        {
            Thread.CurrentThread.Interrupt();
            return Uninterrupted.Wait(never.Task, TimeSpan.FromMilliseconds(5));
        }).Result());
    }
}
