using MetricsGateway.Flushing;
using MetricsGateway.Tests.Network;
using Vigil.IO;

namespace MetricsGateway.Tests.Flushing;

/// <summary>Readers of reports: quick, slow, and gone.</summary>
public sealed class ReportConsoleTests : IDisposable
{
    private readonly UnixPipe _pipe = new();
    private readonly StringWriter _errors = new();
    private readonly byte[] _buffer = new byte[1 << 20];

    public void Dispose()
    {
        _pipe.Dispose();
        _errors.Dispose();
    }

    [Theory]
    [InlineData(BlockingMode.NonBlocking)]
    [InlineData(BlockingMode.Blocking)]
    public async Task Reports_are_written_whole_one_after_the_other(BlockingMode mode)
    {
        if (mode == BlockingMode.Blocking)
        {
            NonBlocking.SetBlocking(_pipe.Writer);
        }

        using ReportConsole console = new(_pipe.Writer, _errors);
        for (byte i = 1; i < 5; i++)
        {
            // More than a pipe holds.
            byte[] report = new byte[300_000];
            report.AsSpan().Fill(i);
            Assert.True(console.IsReady);
            console.Write(report);

            Assert.Equal(report, Read(report.Length));
            await console.WhenWritten().WaitAsync(Patience.Limit);
        }

        Assert.Equal("", _errors.ToString());
    }

    [Fact]
    public async Task A_reader_that_does_not_read_holds_up_the_console_and_nobody_else()
    {
        NonBlocking.SetBlocking(_pipe.Writer);
        using ReportConsole console = new(_pipe.Writer, _errors);
        console.Write(new byte[300_000]);

        Assert.False(console.IsReady);
        Task written = console.WhenWritten();
        Assert.False(written.IsCompleted);

        Read(300_000);
        await written.WaitAsync(Patience.Limit);
        Assert.True(console.IsReady);
    }

    [Fact]
    public async Task That_the_reader_is_gone_is_said_once_and_no_report_is_wanted_any_more()
    {
        using (ReportConsole console = new(_pipe.Writer, _errors))
        {
            _pipe.Reader.Dispose();
            console.Write("report\n"u8.ToArray());
            await console.WhenWritten().WaitAsync(Patience.Limit);

            Assert.False(console.IsReady);
        }

        Assert.Equal(
            "MetricsGateway: nothing is reported any more: cannot write to standard output: Broken pipe (errno 32)\n",
            _errors.ToString());
    }

    [Fact]
    public async Task A_reader_that_leaves_in_the_middle_of_a_report_ends_the_waiting()
    {
        NonBlocking.SetBlocking(_pipe.Writer);
        using ReportConsole console = new(_pipe.Writer, _errors);
        console.Write(new byte[300_000]);
        Read(100);
        _pipe.Reader.Dispose();

        await console.WhenWritten().WaitAsync(Patience.Limit);
        Assert.False(console.IsReady);
    }

    [Fact]
    public void Disposal_does_not_wait_for_a_reader()
    {
        NonBlocking.SetBlocking(_pipe.Writer);
        ReportConsole console = new(_pipe.Writer, _errors);
        console.Write(new byte[300_000]);

        console.Dispose();

        Assert.False(console.IsReady);
    }

    private byte[] Read(int count)
    {
        int read = 0;
        Patience.WaitUntil(
            () =>
            {
                read += NonBlocking.TryRead(_pipe.Reader, _buffer.AsSpan(read, count - read)).Count;
                return read == count;
            },
            () => $"{read} bytes came");
        return _buffer[..count];
    }
}
