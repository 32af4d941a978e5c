using System.Runtime.InteropServices;
using Vigil.Internals.Tests.Support;
using Vigil.Interop;

namespace Vigil.Internals.Tests.Work;

/// <summary>On a thread that cannot start another one: clone(2) and clone3(2) fail as at a limit.</summary>
public class NoThreadsTests
{
    private const uint Clone3 = 435;

    [Fact]
    public void Who_needs_a_thread_and_gets_none_is_told_which_and_why()
    {
        uint clone = RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? 220u : 56u;
        var thread = new BackgroundThread<EventManagerException[]>(() =>
        {
            using var manager = new EventManager();
            if (!SystemCallFilter.TryRefuse(Clone3, Errno.EAGAIN) || !SystemCallFilter.TryRefuse(clone, Errno.EAGAIN))
            {
                return [];
            }

            return
            [
                Assert.Throws<EventManagerException>(() => new WorkerPool(new WorkerPoolOptions { Name = "none" })),
                Assert.Throws<EventManagerException>(() => manager.ExecuteWork(WorkPriority.Normal, () => { })),
                Assert.Throws<EventManagerException>(
                    () => manager.CreateTimerEvent(
                        TimeSpan.Zero,
                        TimeSpan.Zero,
                        (_, _) => { },
                        new() { Target = CallbackTarget.Worker() })),
            ];
        });
        Assert.All(thread.Result(), refusal =>
        {
            Assert.Equal((EventManagerError.LimitReached, Errno.EAGAIN), (refusal.Error, refusal.Errno));
            Assert.Contains("ulimit -u", refusal.Message, StringComparison.Ordinal);
        });
    }
}
