using System.Net;
using System.Net.Sockets;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Failures;

/// <summary>Reading, writing and accepting, on descriptors of every kind and in both modes.</summary>
internal static class InputScenarios
{
    public static void Transfers(Drive drive)
    {
        foreach (BlockingMode mode in new[] { BlockingMode.NonBlocking, BlockingMode.Blocking })
        {
            using UnixPipe pipe = drive.Get("a pipe", () => new UnixPipe(mode));
            Exchange(drive, pipe.Writer, pipe.Reader);
            using UnixSocketPair stream = drive.Get("a socket pair", () => new UnixSocketPair(SocketType.Stream, mode));
            Exchange(drive, stream.First, stream.Second);
            drive.Do("SetBlocking", () => NonBlocking.SetBlocking(stream.First));
            drive.Do("SetNonBlocking", () => NonBlocking.SetNonBlocking(stream.First));
            drive.Transfer("TryShutdownWrite", () => NonBlocking.TryShutdownWrite(stream.First));
        }

        using EventFd counter = drive.Get("an eventfd", () => new EventFd(0, EventFdMode.Semaphore));
        drive.Do("TryAdd", () =>
        {
            if (!counter.TryAdd(2))
            {
                throw new EventManagerException(EventManagerError.System, "TryAdd is false.", errno: Errno.EAGAIN);
            }
        });
        drive.Do("TryTake", () =>
        {
            if (!counter.TryTake(out _))
            {
                throw new EventManagerException(EventManagerError.System, "TryTake is false.", errno: Errno.EAGAIN);
            }
        });

        // A descriptor of unknown mode: it is as if it were blocking.
        using FdHandle zero = drive.Get("/dev/zero", () => FdHandle.Open("/dev/zero", OpenFlags.ReadWrite));
        Exchange(drive, new FileDescriptor(zero.Number), new FileDescriptor(zero.Number));
        int terminal = -1;
        drive.Outside("a terminal", () => terminal = LibC.OpenTerminal());
        drive.Transfer("TryWrite to a terminal", () => NonBlocking.TryWrite(terminal, "x\n"u8));
        drive.Outside("close", () => LibC.Close(terminal));
        using FdHandle status = drive.Get("/proc/self/status", () => FdHandle.Open("/proc/self/status", OpenFlags.Read));
        drive.Transfer("TryRead from procfs", () => NonBlocking.TryRead(status.Number, new byte[64]));
    }

    public static void Connections(Drive drive)
    {
        EventManager manager = drive.Create();
        foreach (bool isBlocking in new[] { false, true })
        {
            Socket? listener = null;
            Socket? client = null;
            drive.Outside("a connection", () =>
            {
                listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = isBlocking };
                listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                listener.Listen();
                client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                client.Connect(listener.LocalEndPoint!);
            });
            FdHandle? connection = null;
            string name = $"a connection, {(isBlocking ? "blocking" : "non-blocking")}";
            SocketEvent? accepting = null;
            drive.Ask(name, told => accepting = manager.CreateSocketEvent(listener!, EventSet.In, (source, _) =>
            {
                IOResult accepted = NonBlocking.TryAccept(source.Fd, out connection, out EndPoint? _);
                if (accepted.IsFailure)
                {
                    drive.Refuse($"TryAccept: {accepted.Description}", null);
                }

                if (connection is not null)
                {
                    drive.Do("Disarm", source.Disarm);
                    told();
                }
            }));
            drive.Turn(manager);
            drive.Do("Cancel", accepting!.Cancel);
            drive.Do("Dispose", () => connection?.Dispose());
            drive.Outside("close", () =>
            {
                client!.Dispose();
                listener!.Dispose();
            });
        }

        drive.End(manager);
    }

    public static void Datagrams(Drive drive)
    {
        EventManager manager = drive.Create();
        var batch = new DatagramBatch(4, 64);
        using UnixSocketPair pair = drive.Get("a socket pair", () => new UnixSocketPair(SocketType.Dgram));
        SocketEvent? receiving = null;
        drive.Ask("datagrams", told => receiving = manager.CreateSocketEvent(pair.First, EventSet.In, (source, _) =>
        {
            IOResult received = batch.TryReceive(source.Fd);
            if (received.IsFailure)
            {
                drive.Refuse($"TryReceive: {received.Description}", null);
            }

            if (batch.Count == 2)
            {
                told();
            }
        }));
        drive.Outside("datagrams", () =>
        {
            pair.Second.Write();
            pair.Second.Write();
        });
        drive.Turn(manager);
        drive.Do("Cancel", receiving!.Cancel);
        drive.End(manager);
    }

    private static void Exchange(Drive drive, FileDescriptor writer, FileDescriptor reader)
    {
        drive.Transfer("TryWrite", () => NonBlocking.TryWrite(writer, "x"u8));
        drive.Transfer("TryRead", () => NonBlocking.TryRead(reader, new byte[16]));
    }
}
