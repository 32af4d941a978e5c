using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Tests.Network;
using Vigil;

namespace MetricsGateway.Tests.Flushing;

/// <summary>A change to another file, while a report is being written to the previous one.</summary>
public sealed class FlushFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gateway");
    private readonly HeldWork _workers = new();
    private readonly StringWriter _errors = new();
    private readonly EventManager _manager;
    private readonly FlushFile _file;

    public FlushFileTests()
    {
        _manager = new EventManager(new EventManagerOptions { Workers = _workers });
        _file = new FlushFile(_manager, thread: 0, _errors);
    }

    private string New => Path.Combine(_directory.FullName, "new");

    private string Old => Path.Combine(_directory.FullName, "gone", "old");

    public void Dispose()
    {
        _manager.Dispose();
        _errors.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void A_report_that_the_file_before_did_not_take_says_nothing_of_the_new_one()
    {
        Use(Old);
        _file.Write("1\n"u8.ToArray());
        Use(New);
        FinishWriting();
        Assert.Matches($"^MetricsGateway: a flush was not written to {Old}: [^\n]+\n$", _errors.ToString());
        _errors.GetStringBuilder().Clear();

        _file.Write("2\n"u8.ToArray());
        FinishWriting();

        Assert.Equal("", _errors.ToString());
        Assert.Equal("2\n", File.ReadAllText(New));
        Assert.Equal(1, _file.Status.Failures);
        Assert.Equal(1, _file.Status.Lost);
    }

    [Fact]
    public void A_report_that_no_worker_takes_is_lost_and_told_and_the_next_one_is_written()
    {
        Use(New);
        _workers.IsFull = true;
        _file.Write("1\n"u8.ToArray());

        Assert.True(_file.IsReady);
        Assert.True(_file.WhenWritten().IsCompleted);
        Assert.Matches($"^MetricsGateway: cannot write flushes to {New}: [^\n]+; each flush tries again\n$", _errors.ToString());
        _errors.GetStringBuilder().Clear();

        _workers.IsFull = false;
        _file.Write("2\n"u8.ToArray());
        FinishWriting();

        Assert.Equal("2\n", File.ReadAllText(New));
        Assert.Equal($"MetricsGateway: flushes are written to {New} again; 1 are not in it\n", _errors.ToString());
        Assert.Equal(1, _file.Status.Lost);
    }

    private void Use(string path) => _file.Apply(GatewayOptions.Defaults with { FlushFile = path });

    private void FinishWriting()
    {
        _workers.RunAll();
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && _file.IsReady, () => "it is not written");
    }
}
