using Vigil.Internals.Tests.Polling;

namespace Vigil.Internals.Tests.Watchdog;

/// <summary>A waiting loop, as the watchdog sees it.</summary>
public sealed class LoopPhaseTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_loop_waits_when_its_prepare_hooks_are_done_and_also_when_none_is_left(bool removesItself)
    {
        var poller = new InterceptedPoller();
        using var manager = new EventManager(new EventManagerOptions { Watchdog = new WatchdogOptions() }, () => poller);
        List<LoopPhase> phases = [];
        HookRegistration? hook = null;
        hook = manager.AddPrepareHook(_ =>
        {
            phases.Add(manager.Progress!.Here.Phase);
            if (removesItself)
            {
                hook!.Dispose();
            }
        });
        poller.Waiting = () => phases.Add(manager.Progress!.Here.Phase);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal([LoopPhase.Prepare, LoopPhase.Waiting], phases);
    }
}
