using Vigil.IO;

namespace Vigil.Testing;

/// <summary>A number of a queue of file changes.</summary>
internal sealed class FileQueueHandle : VirtualFileQueue
{
    private readonly World _world;
    private readonly FileQueue _queue;

    public FileQueueHandle(World world, FileQueue queue)
        : base(world.Descriptors.Give(queue))
    {
        _world = world;
        _queue = queue;
    }

    protected override int BytesToRead => _queue.BytesToRead;

    protected override int AddWatch(IVirtualFile file, uint mask, out int errno) => _queue.AddWatch((FileNode)file, mask, out errno);

    protected override int RemoveWatch(int watch) => _queue.RemoveWatch(watch);

    protected override int Mark() => _queue.Mark();

    protected override IOResult TryRead(Span<byte> buffer)
    {
        _world.RequireThread();
        IOResult result = _queue.Read(buffer);
        _world.History.Add(HistoryKind.Read, _queue.Description, result.Count, result.Errno);
        return result;
    }

    protected override bool ReleaseHandle()
    {
        _world.Close((int)handle);
        return true;
    }
}
