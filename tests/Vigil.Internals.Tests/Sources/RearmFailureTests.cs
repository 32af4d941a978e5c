using Vigil.Internals.Tests.Polling;
using Vigil.Internals.Tests.Support;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Internals.Tests.Sources;

/// <summary>A kernel that refuses to watch a descriptor again after its callback on a worker.</summary>
public sealed class RearmFailureTests : IWorkExecutor
{
    private readonly Queue<WorkItem> _work = new();

    int IWorkExecutor.ThreadCount => 0;

    [Theory]
    [InlineData(Errno.ENOMEM, EventManagerError.LimitReached)]
    [InlineData(Errno.EINVAL, EventManagerError.System)]
    public void A_refusal_is_reported_as_what_it_is_and_the_event_can_be_armed_later(int errno, EventManagerError expected)
    {
        var poller = new InterceptedPoller();
        using var manager = new EventManager(new EventManagerOptions { Workers = this }, () => poller);
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        using var fd = new EventFd(1);
        int calls = 0;
        SocketEvent source = manager.CreateSocketEvent(fd, EventSet.In, (_, _) => calls++, new() { Target = CallbackTarget.Worker() });
        manager.RunOnce();
        _work.Dequeue().Run();
        poller.Refusal = errno;
        manager.RunOnce();
        EventManagerException reason = Assert.IsType<EventManagerException>(Assert.Single(faults).Exception);
        Assert.Equal((expected, errno, fd.Number), (reason.Error, reason.Errno, reason.Fd));
        Assert.Equal(source, faults[0].Event);
        Assert.Equal(SourceState.Disarmed, source.State);

        poller.Refusal = Errno.Success;
        source.Arm();
        manager.RunOnce();
        _work.Dequeue().Run();
        Assert.Equal(2, calls);
    }

    [Fact]
    public void A_file_event_that_cannot_be_watched_again_tells_what_happened_meanwhile_after_a_rescan()
    {
        var poller = new InterceptedPoller();
        using var manager = new EventManager(new EventManagerOptions { Workers = this }, () => poller);
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        try
        {
            List<string> told = [];
            FileEvent source = manager.CreateFileEvent(
                directory.FullName,
                (_, change) => told.Add($"{change.Kind} {Path.GetFileName(change.Path)}"),
                new() { Target = CallbackTarget.Worker() });
            File.WriteAllText(Path.Combine(directory.FullName, "before"), "");
            RunUntil(manager, () => told.Contains("Created before"));
            poller.Refusal = Errno.ENOSPC;
            RunUntil(manager, () => faults.Count == 1);
            EventManagerException reason = Assert.IsType<EventManagerException>(faults[0].Exception);
            Assert.Equal((EventManagerError.LimitReached, source), (reason.Error, faults[0].Event));

            // Still refused: reported again.
            File.WriteAllText(Path.Combine(directory.FullName, "meanwhile"), "");
            source.Rescan();
            Assert.Equal(2, faults.Count);
            poller.Refusal = Errno.Success;
            source.Rescan();
            RunUntil(
                manager,
                () => told.Contains("Created meanwhile") && told.Any(change => change.StartsWith("Rescanned", StringComparison.Ordinal)));
            File.WriteAllText(Path.Combine(directory.FullName, "after"), "");
            RunUntil(manager, () => told.Contains("Created after"));
            Assert.Equal(2, faults.Count);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_file_event_that_cannot_be_silenced_is_not_called_again_while_its_callback_runs()
    {
        var poller = new InterceptedPoller { Refusal = Errno.ENOMEM };
        using var manager = new EventManager(new EventManagerOptions { Workers = this }, () => poller);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        try
        {
            List<string> told = [];
            manager.CreateFileEvent(
                directory.FullName,
                (_, change) => told.Add($"{change.Kind} {Path.GetFileName(change.Path)}"),
                new() { Target = CallbackTarget.Worker() });
            File.WriteAllText(Path.Combine(directory.FullName, "first"), "");
            Patience.Until(() => manager.RunOnce(TimeSpan.FromMilliseconds(1)) >= 0 && _work.Count > 0, "the callback is sent");
            File.WriteAllText(Path.Combine(directory.FullName, "second"), "");
            manager.RunOnce(TimeSpan.Zero);
            manager.RunOnce(TimeSpan.Zero);
            Assert.Single(_work);
            RunUntil(manager, () => told.Contains("Created second"));
            Assert.Single(told, change => change == "Created first");
            Assert.Single(told, change => change == "Created second");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private void RunUntil(EventManager manager, Func<bool> isOver) => Patience.Until(
        () =>
        {
            manager.RunOnce(TimeSpan.FromMilliseconds(1));
            if (!isOver() && _work.TryDequeue(out WorkItem item))
            {
                item.Run();
            }

            return isOver();
        },
        "the file event's changes");

    bool IWorkExecutor.TryExecute(in WorkItem item)
    {
        _work.Enqueue(item);
        return true;
    }
}
