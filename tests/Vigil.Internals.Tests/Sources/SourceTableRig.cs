using Vigil.Internals.Tests.Polling;
using Vigil.Polling;
using Vigil.Sources;

namespace Vigil.Internals.Tests.Sources;

/// <summary>A source table over a scripted poller, and the part of the loop that handles one batch.</summary>
internal sealed class SourceTableRig
{
    private const int UnhandledHangUpLimit = 8;

    private readonly ReadyBuffer _ready = new(capacity: 32);
    private int _lastNumber = 9;

    public SourceTableRig()
    {
        Table = new SourceTable(
            Poller, new KernelQueries(), Drop, (source, reason) => DroppedForOwn.Add((source, reason)), UnhandledHangUpLimit);
    }

    public ScriptedPoller Poller { get; } = new();

    public SourceTable Table { get; }

    public List<(Source Source, EventManagerError Reason)> Dropped { get; } = [];

    /// <summary>Those that had the number of a descriptor of Vigil's own.</summary>
    public List<(Source Source, EventManagerError Reason)> DroppedForOwn { get; } = [];

    /// <summary>The reaction of the owner that is notified of a dropped source.</summary>
    public Action? OnDropped { get; set; }

    /// <summary>Opens a file that is ready for reading, and registers it.</summary>
    public TestSource AddReady(EventSet interest)
    {
        int number = OpenReady();
        var source = new TestSource(number, interest);
        AssertSuccess(Table.Add(source));
        return source;
    }

    public int OpenReady()
    {
        int number = ++_lastNumber;
        Reopen(number);
        return number;
    }

    /// <summary>Makes a number refer to another file, as after a close behind the table's back.</summary>
    public void Reopen(int number)
    {
        Poller.Open(number);
        Poller.SetReady(number, EventSet.In);
    }

    /// <summary>Removes a source whose number was closed while a duplicate keeps the file open: its events continue.</summary>
    public TestSource MakeOrphan()
    {
        TestSource source = AddReady(EventSet.In);
        CloseButForADuplicate(source);
        Table.Remove(source);
        return source;
    }

    public void CloseButForADuplicate(Source source)
    {
        Poller.Duplicate(source.Number, source.Number + 1000);
        Poller.Close(source.Number);
    }

    public static void AssertSuccess(SourceResult result) => Assert.Equal(SourceResult.Success, result);

    /// <summary>Takes a batch from the poller, without dispatching it.</summary>
    public List<(SourceToken Token, EventSet Events)> Collect()
    {
        Table.BeginBatch();
        Assert.Equal(0, Poller.Wait(Deadline.Immediate, _ready));
        return [.. Enumerable.Range(0, _ready.Count).Select(i => (_ready[i].Token, _ready[i].Events))];
    }

    /// <summary>The sources that would be notified in one iteration. One-shots are marked as the loop marks them.</summary>
    public List<Source> Dispatch() => Dispatch(Collect());

    public List<Source> Dispatch(List<(SourceToken Token, EventSet Events)> batch)
    {
        List<Source> told = [];
        foreach ((SourceToken token, EventSet reported) in batch)
        {
            if (Table.TryResolve(token, out Source? source) && source.Deliverable(reported) != EventSet.None)
            {
                if (Interests.IsOneShot(source.Interest))
                {
                    SourceArming.MarkDelivered(source);
                }

                told.Add(source);
            }
        }

        return told;
    }

    private void Drop(Source source, EventManagerError reason)
    {
        Dropped.Add((source, reason));
        OnDropped?.Invoke();
    }
}
