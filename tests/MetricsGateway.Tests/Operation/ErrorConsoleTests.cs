using MetricsGateway.Operation;
using MetricsGateway.Tests.Network;

namespace MetricsGateway.Tests.Operation;

/// <summary>Whoever reads standard error, or does not, holds up nobody.</summary>
public class ErrorConsoleTests
{
    [Fact]
    public void Everything_is_written_in_order_before_the_end()
    {
        StringWriter output = new();
        using (ErrorConsole console = new(output))
        {
            console.Write("first\n");
            console.Write('s');
            console.WriteLine("econd");
        }

        Assert.Equal($"first\nsecond{Environment.NewLine}", output.ToString());
    }

    [Fact]
    public void What_nobody_reads_is_kept_up_to_a_limit_and_the_rest_counted()
    {
        using StuckWriter output = new();
        using ErrorConsole console = new(output);
        console.Write("first\n");
        output.WaitUntilStuck();
        for (int i = 0; i < 1_002; i++)
        {
            console.Write($"{i}\n");
        }

        output.Release();

        Patience.WaitUntil(() => output.Text.EndsWith("999\n", StringComparison.Ordinal), () => output.Text);
        Assert.StartsWith("first\n0\nMetricsGateway: 2 messages were lost here: standard error was not read\n1\n", output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_does_not_wait_for_ever()
    {
        using StuckWriter output = new();
        ErrorConsole console = new(output);
        console.Write("first\n");
        console.Write("second\n");

        console.Dispose();

        // What hangs in writing is left to the end of the process; here that is not the end of it.
        output.Release();
        Patience.WaitUntil(() => string.Equals(output.Text, "first\n", StringComparison.Ordinal), () => output.Text);
    }

    private sealed class StuckWriter : StringWriter
    {
        private readonly ManualResetEventSlim _isStuck = new();
        private readonly ManualResetEventSlim _isReleased = new();

        public string Text
        {
            get
            {
                lock (_isStuck)
                {
                    return ToString();
                }
            }
        }

        public void WaitUntilStuck() => Assert.True(_isStuck.Wait(Patience.Limit));

        public void Release() => _isReleased.Set();

        public override void Write(string? value)
        {
            _isStuck.Set();
            _isReleased.Wait(Patience.Limit);
            lock (_isStuck)
            {
                base.Write(value);
            }
        }
    }
}
