using System.Diagnostics.Metrics;
using Vigil.Diagnostics;

namespace Vigil.Internals.Tests.Diagnostics;

public sealed class VigilMeterTests
{
    [Fact]
    public void A_listener_that_is_told_of_an_instrument_is_not_in_its_makers_context_and_leaves_nothing_there()
    {
        string name = $"vigil.test.{Guid.NewGuid():N}";
        var local = new AsyncLocal<string?> { Value = "the maker's" };
        string? seen = "nothing";
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (string.Equals(instrument.Name, name, StringComparison.Ordinal))
                {
                    seen = local.Value;
                    local.Value = "the listener's";
                }
            },
        };
        listener.Start();
        VigilMeter.Create(meter => meter.CreateCounter<long>(name));
        Assert.Null(seen);
        Assert.Equal("the maker's", local.Value);
    }
}
