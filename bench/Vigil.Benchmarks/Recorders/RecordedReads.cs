using Vigil.Benchmarks.Workloads;
using Vigil.IO;

namespace Vigil.Benchmarks.Recorders;

/// <summary>
/// Messages of 64 bytes by a local socket. An operation is an iteration: the message is sent, its event delivered, and the callback reads
/// it.
/// </summary>
internal sealed class RecordedReads : IWorkload
{
    private const int Size = 64;

    private readonly EventManager _manager;
    private readonly FdHandle _reader;
    private readonly FdHandle _writer;
    private readonly byte[] _sent = new byte[Size];
    private readonly byte[] _received = new byte[Size];

    public RecordedReads(Recorder? recorder)
    {
        _manager = new EventManager(new EventManagerOptions { Recorder = recorder });
        var pair = new UnixSocketPair();
        _reader = recorder is null ? pair.First : recorder.Open("reader", () => pair.First);
        _writer = pair.Second;
        _manager.CreateSocketEvent(_reader, EventSet.In, (_, _) => NonBlocking.TryRead(_reader, _received).ThrowIfFailed("read"));
    }

    public void Perform(int operations)
    {
        for (int left = operations; left > 0; left--)
        {
            NonBlocking.TryWrite(_writer, _sent).ThrowIfFailed("write");
            _manager.RunOnce(TimeSpan.Zero);
        }
    }

    public void Dispose()
    {
        _manager.Dispose();
        _reader.Dispose();
        _writer.Dispose();
    }
}
