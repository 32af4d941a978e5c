using MetricsGateway.Protocols;
using MetricsGateway.Tests.Flushing;

namespace MetricsGateway.Tests.Protocols;

public class RejectedLinesTests
{
    private readonly ManualTime _time = new();
    private readonly Reception _reception = new();
    private readonly RejectedLines _examples;

    public RejectedLinesTests()
    {
        _examples = new RejectedLines(_time);
        _reception.StatsD.Examples = _examples;
    }

    [Fact]
    public void An_example_says_when_how_from_whom_and_why_and_shows_the_line()
    {
        _reception.StatsD.Sender = () => "192.0.2.7:5000";
        _reception.StatsD.ReceivePacket("good:1|c\nbad:x|c"u8);
        _reception.StatsD.Sender = null;
        _reception.StatsD.ReceivePacket("evil\u001b[31m:1|c"u8);

        Assert.Equal(
            [
                "2026-03-01T12:00:00Z statsd 192.0.2.7:5000 invalid_value: bad:x|c",
                "2026-03-01T12:00:00Z statsd - invalid_bytes: evil\\u001B[31m:1|c",
            ],
            _examples.Latest);
    }

    [Fact]
    public void There_are_so_many_a_minute_and_the_latest_are_kept()
    {
        for (int minute = 0; minute < 10; minute++)
        {
            for (int i = 0; i < 1_000; i++)
            {
                _reception.StatsD.ReceivePacket($"minute{minute}.line{i}:x|c".Utf8());
            }

            Assert.Equal(Math.Min((minute + 1) * RejectedLines.PerMinute, RejectedLines.Kept), _examples.Latest.Count);
            Assert.EndsWith($" minute{minute}.line{RejectedLines.PerMinute - 1}:x|c", _examples.Latest.Last(), StringComparison.Ordinal);
            _time.Advance(60);
        }
    }

    [Fact]
    public void Of_a_long_line_the_beginning_is_shown()
    {
        _reception.StatsD.ReceivePacket($"{new string('x', 5_000)}:x|c".Utf8());

        Assert.EndsWith($": {new string('x', RejectedLines.LongestExample)}…", Assert.Single(_examples.Latest), StringComparison.Ordinal);
    }

    [Fact]
    public void Beyond_those_of_a_minute_a_rejected_line_allocates_nothing()
    {
        byte[] packet = string.Concat(Enumerable.Repeat("broken\n", 20)).Utf8();

        Allocations.AssertNone(() => _reception.StatsD.ReceivePacket(packet));
    }
}
