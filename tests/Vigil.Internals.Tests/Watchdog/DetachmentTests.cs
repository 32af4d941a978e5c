namespace Vigil.Internals.Tests.Watchdog;

public sealed class DetachmentTests
{
    [Fact]
    public void An_owner_that_cannot_be_removed_is_reported_and_the_iteration_goes_on()
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Detach });
        List<FaultReport> reports = [];
        manager.FaultReported += (_, report) => reports.Add(report);
        var stubborn = new Stubborn(manager);
        manager.Core.Faults.OnOverran(OwnedCallback.Of(stubborn, LoopPhase.Timers), "stubborn took long", FaultPolicy.Detach);
        manager.Core.Faults.OnThrown(stubborn, new FormatException("thrown"));
        Assert.All(reports, report => Assert.Same(stubborn, report.Event));
        Assert.Equal("cannot be removed", reports[0].Exception.Message);
        Assert.DoesNotContain("was detached", reports[1].Exception.Message, StringComparison.Ordinal);
        Assert.Equal(["cannot be removed", "thrown"], reports.Skip(2).Select(report => report.Exception.Message));
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
    }

    private sealed class Stubborn(EventManager manager) : CallbackEvent(manager.Core, new TimerEventOptions())
    {
        public override bool IsCancelled => false;

        internal override FaultOrigin FaultOrigin => FaultOrigin.TimerEvent;

        internal override Delegate Callback => Nothing;

        private protected override void EndOnLoop() => throw new InvalidOperationException("cannot be removed");

        private static void Nothing()
        {
            // Never called.
        }
    }
}
