using System.Net;
using Vigil.IO;

namespace Vigil.Testing;

/// <summary>A number of a simulated file.</summary>
internal sealed class SimulatedHandle : VirtualHandle
{
    private readonly World _world;

    public SimulatedHandle(World world, SimulatedFile file)
        : base(world.Descriptors.Give(file))
    {
        _world = world;
        File = file;
    }

    public SimulatedFile File { get; }

    public World World => _world;

    protected override IOResult TryRead(Span<byte> buffer)
    {
        _world.RequireThread();
        Span<byte> part = File.IsStream && buffer.Length > 1 && _world.Faults.Happens(FaultKinds.ShortRead)
            ? buffer[..(1 + _world.Random.Next(buffer.Length - 1))]
            : buffer;
        return Noted(HistoryKind.Read, File.Read(part));
    }

    protected override IOResult TryWrite(ReadOnlySpan<byte> buffer)
    {
        _world.RequireThread();
        if (_world.Faults.Happens(FaultKinds.Full) && File.Refuse())
        {
            return Noted(HistoryKind.Write, new IOResult(0, SimulatedErrno.EAGAIN));
        }

        ReadOnlySpan<byte> part = File.IsStream && buffer.Length > 1 && _world.Faults.Happens(FaultKinds.ShortWrite)
            ? buffer[..(1 + _world.Random.Next(buffer.Length - 1))]
            : buffer;
        return Noted(HistoryKind.Write, File.Write(part));
    }

    protected override IOResult TryReceive(DatagramBatch batch)
    {
        _world.RequireThread();
        return Noted(HistoryKind.Read, File.Receive(batch));
    }

    protected override IOResult TryAccept(out FdHandle? connection, out EndPoint? peer)
    {
        _world.RequireThread();
        if (_world.Faults.Happens(FaultKinds.OutOfDescriptors))
        {
            connection = null;
            peer = null;
            return new IOResult(0, SimulatedErrno.EMFILE);
        }

        return File.Accept(out connection, out peer);
    }

    protected override IOResult TryShutdownWrite()
    {
        _world.RequireThread();
        return File.ShutdownWrite();
    }

    protected override bool ReleaseHandle()
    {
        _world.Close((int)handle);
        return true;
    }

    private IOResult Noted(HistoryKind kind, IOResult result)
    {
        _world.History.Add(kind, File.Description, result.Count, result.Errno);
        return result;
    }
}
