using MetricsGateway.Operation;
using MetricsGateway.Tests.Network;

namespace MetricsGateway.Tests.Operation;

/// <summary>Reading standard error, or not reading it, holds up nothing.</summary>
public class ErrorConsoleTests
{
    [Fact]
    public void Everything_is_written_in_order_before_the_end()
    {
        StringWriter output = new();
        using (ErrorConsole console = new(output, Patience.Limit))
        {
            console.Write("first\n");
            console.Write('s');
            console.WriteLine("econd");
        }

        Assert.Equal($"first\nsecond{Environment.NewLine}", output.ToString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(10_000)]
    public void What_nobody_reads_is_kept_up_to_a_limit_of_bytes_and_the_rest_counted(int length)
    {
        int room = ErrorConsole.MaxWaitingBytes / ((length * sizeof(char)) + ErrorConsole.BytesOfText);
        using StuckWriter output = new();
        using ErrorConsole console = new(output);
        console.Write("first\n");
        output.WaitUntilStuck();
        for (int i = 0; i < room + 2; i++)
        {
            console.Write(new string('x', length));
        }

        output.Release();

        const string Lost = "MetricsGateway: 2 messages were lost here: standard error was not read\n";
        string x = new('x', length);
        string expected = $"first\n{x}{Lost}{new string('x', (room - 1) * length)}";
        Patience.WaitUntil(() => output.Text.Length >= expected.Length, () => $"{output.Text.Length} of {expected.Length}");
        Assert.Equal(expected, output.Text);
    }

    [Fact]
    public void A_text_that_is_too_large_by_itself_is_lost_and_what_follows_is_not()
    {
        using StuckWriter output = new();
        using ErrorConsole console = new(output);
        console.Write(new string('x', ErrorConsole.MaxWaitingBytes / sizeof(char)));
        console.Write("next\n");

        output.Release();

        const string Expected = "next\nMetricsGateway: 1 messages were lost here: standard error was not read\n";
        Patience.WaitUntil(() => output.Text.Length >= Expected.Length, () => output.Text);
        Assert.Equal(Expected, output.Text);
    }

    [Fact]
    public void The_end_does_not_wait_for_ever()
    {
        using StuckWriter output = new();
        ErrorConsole console = new(output, patience: TimeSpan.FromMilliseconds(50));
        console.Write("first\n");
        output.WaitUntilStuck();
        console.Write("second\n");

        console.Dispose();

        // A thread that hangs in a write normally lives until the end of the process; here the process goes on.
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
