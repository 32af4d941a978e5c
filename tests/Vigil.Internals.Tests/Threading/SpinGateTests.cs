using Vigil.Internals.Tests.Support;
using Vigil.Threading;

namespace Vigil.Internals.Tests.Threading;

public sealed class SpinGateTests
{
    [Fact]
    public void What_two_threads_do_in_it_is_done_one_after_the_other()
    {
        const int Each = 200_000;
        var gate = new SpinGate();
        int count = 0;
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                gate.Enter();
                count++;
                gate.Exit();
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(2 * Each, count);
    }

    [Fact]
    public void Whoever_waits_long_sleeps_so_that_a_holder_of_lower_priority_runs()
    {
        var gate = new SpinGate();
        gate.Enter();
        var waiter = new BackgroundThread<bool>(() =>
        {
            gate.Enter();
            gate.Exit();
            return true;
        });

        // Repeated: a single time it may have slept for another reason.
        for (int i = 0; i < 100; i++)
        {
            waiter.AwaitSleep();
            Assert.True(waiter.IsAlive);
        }

        gate.Exit();
        Assert.True(waiter.Result());
    }

    [Fact]
    public void An_interrupt_does_not_end_the_waiting_and_is_pending_afterwards()
    {
        var gate = new SpinGate();
        gate.Enter();
        var waiter = new BackgroundThread<bool>(() =>
        {
            Thread.CurrentThread.Interrupt();
            gate.Enter();
            gate.Exit();
            Assert.Throws<ThreadInterruptedException>(() => Thread.Sleep(0));
            return true;
        });

        // The interrupt was delivered at its first sleep.
        for (int i = 0; i < 3; i++)
        {
            waiter.AwaitSleep();
        }

        gate.Exit();
        Assert.True(waiter.Result());
    }
}
