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

        const string Lost = "MetricsGateway: 2 messages were lost here: standard error was not read, or could not be written\n";
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

        const string Expected = "next\nMetricsGateway: 1 messages were lost here: standard error was not read, or could not be written\n";
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

    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(UnauthorizedAccessException))]
    [InlineData(typeof(ObjectDisposedException))]
    [InlineData(typeof(ArgumentOutOfRangeException))]
    public void What_cannot_be_written_is_counted_and_told_as_soon_as_something_can_be(Type failure)
    {
        using FailingWriter output = new(failure, failures: 3);
        using (ErrorConsole console = new(output))
        {
            for (int i = 1; i <= 5; i++)
            {
                console.Write($"{i}\n");
            }
        }

        Assert.Equal(
            "4\nMetricsGateway: 3 messages were lost here: standard error was not read, or could not be written\n5\n", output.ToString());
    }

    private sealed class FailingWriter(Type failure, int failures) : StringWriter
    {
        private int _left = failures;

        public override void Write(string? value)
        {
            if (_left-- > 0)
            {
                throw (Exception)Activator.CreateInstance(failure, "it fails")!;
            }

            base.Write(value);
        }
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
