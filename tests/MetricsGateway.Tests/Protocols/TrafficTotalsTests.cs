using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Protocols;

public class TrafficTotalsTests
{
    [Fact]
    public void Totals_of_all_protocols_add_up()
    {
        TrafficTotals totals = new();
        totals.StatsDUdp.Lines = 3;
        totals.StatsDUdp.Metrics = 2;
        totals.StatsDUdp.Rejections.Add(RejectionReason.InvalidTag);
        totals.Graphite.Lines = 2;
        totals.Graphite.Metrics = 1;
        totals.Graphite.Rejections.Add(RejectionReason.InvalidTag);

        Assert.Equal(5, totals.Lines);
        Assert.Equal(3, totals.Metrics);
        Assert.Equal(2, totals.Rejected);
        Assert.Equal(2, totals.RejectedFor(RejectionReason.InvalidTag));
        Assert.Equal(0, totals.RejectedFor(RejectionReason.InvalidValue));
    }

    [Fact]
    public void Reasons_are_shown_in_snake_case_and_without_none()
    {
        Assert.Equal("invalid_sample_rate", Rejections.NameOf(RejectionReason.InvalidSampleRate));
        Assert.DoesNotContain(RejectionReason.None, Rejections.Reasons);
    }
}
