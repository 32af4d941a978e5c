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
}
