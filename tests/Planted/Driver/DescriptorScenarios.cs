using Vigil;
using Vigil.IO;
using Vigil.Testing;

namespace Planted.Driver;

/// <summary>Descriptors: stale events, back-pressure, callbacks on workers, the end of a stream.</summary>
internal static class DescriptorScenarios
{
    public static readonly (string Name, Action<World> Program)[] All =
    [
        ("stale-events", NoEventReachesAnotherOwner),
        ("back-pressure", NothingIsDeliveredWhileDisarmed),
        ("read-on-workers", AWorkerReadsToTheEnd),
        ("edges-on-workers", NoEdgeIsLostWhileACallbackRuns),
    ];

    // Events of one batch end each other and open new descriptors, which get the old numbers and slots.
    private static void NoEventReachesAnotherOwner(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        List<(FdHandle Reader, FdHandle Writer, SocketEvent Event)> pipes = [];
        for (int i = 0; i < 6; i++)
        {
            Open(isReady: world.Random.OneIn(2));
        }

        for (int i = 0; i < 5; i++)
        {
            world.RunUntilIdle();
            foreach ((_, FdHandle writer, _) in pipes)
            {
                if (world.Random.OneIn(2))
                {
                    NonBlocking.TryWrite(writer, [1]);
                }
            }
        }

        world.RunUntilIdle();
        while (pipes.Count > 0)
        {
            Close(pipes.Count - 1);
        }

        void Open(bool isReady)
        {
            (FdHandle reader, FdHandle writer) = world.CreatePipe();
            SocketEvent socketEvent = manager.CreateSocketEvent(reader, EventSet.In, (_, _) =>
            {
                world.Assert(NonBlocking.TryRead(reader, new byte[8]).Count > 0, "a descriptor is reported that is not ready");
                if (world.Random.OneIn(2))
                {
                    Close(world.Random.Next(pipes.Count));
                    Open(isReady: false);
                }
            });
            pipes.Add((reader, writer, socketEvent));
            if (isReady)
            {
                NonBlocking.TryWrite(writer, [1]);
            }
        }

        void Close(int index)
        {
            (FdHandle reader, FdHandle writer, SocketEvent socketEvent) = pipes[index];
            pipes.RemoveAt(index);
            socketEvent.Cancel();
            reader.Dispose();
            writer.Dispose();
        }
    }

    private static void NothingIsDeliveredWhileDisarmed(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        SocketEvent[] events = new SocketEvent[3];
        int[] received = new int[events.Length];
        FdHandle[] writers = new FdHandle[events.Length];
        bool[] isDisarmed = new bool[events.Length];
        for (int i = 0; i < events.Length; i++)
        {
            int number = i;
            (FdHandle reader, writers[i]) = world.CreatePipe($"pipe {i}");
            events[i] = manager.CreateSocketEvent(reader, EventSet.In, (socketEvent, _) =>
            {
                world.Assert(!isDisarmed[number], "a disarmed event is delivered");
                IOResult result = NonBlocking.TryRead(reader, new byte[2]);
                received[number] += result.Count;
                if (result.IsEndOfStream)
                {
                    socketEvent.Cancel();
                    reader.Dispose();
                    return;
                }

                Disarm(world.Random.Next(events.Length));
            });
        }

        int[] sent = new int[events.Length];
        for (int i = 0; i < events.Length; i++)
        {
            sent[i] = world.Random.Next(1, 20);
            NonBlocking.TryWrite(writers[i], new byte[sent[i]]);
            writers[i].Dispose();
        }

        world.RunUntil(() => Array.TrueForAll(events, socketEvent => socketEvent.IsCancelled), TimeSpan.FromSeconds(10));
        world.Assert(sent.SequenceEqual(received), "bytes are lost");

        void Disarm(int number)
        {
            if (events[number].IsCancelled || isDisarmed[number])
            {
                return;
            }

            isDisarmed[number] = true;
            events[number].Disarm();
            manager.CreateTimerEvent(world.Random.Next(TimeSpan.Zero, TimeSpan.FromMilliseconds(5)), (_, _) =>
            {
                isDisarmed[number] = false;
                events[number].Arm();
            });
        }
    }

    private static void AWorkerReadsToTheEnd(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        byte[] sent = new byte[world.Random.Next(1, 20)];
        world.Random.NextBytes(sent);
        (FdHandle reader, FdHandle writer) = world.CreatePipe();
        List<byte> received = [];
        bool isRunning = false;
        manager.CreateSocketEvent(
            reader,
            EventSet.In,
            (socketEvent, _) =>
            {
                world.Assert(!isRunning, "a callback runs twice at once");
                isRunning = true;
                Span<byte> buffer = stackalloc byte[3];
                IOResult result = NonBlocking.TryRead(reader, buffer);
                received.AddRange(buffer[..result.Count]);
                if (result.IsEndOfStream)
                {
                    socketEvent.Cancel();
                    reader.Dispose();
                }

                world.Yield();
                isRunning = false;
            },
            new SocketEventOptions { Target = CallbackTarget.Worker() });
        WriteAll(world, writer, sent);
        world.RunUntil(() => reader.IsClosed);
        world.Assert(received.SequenceEqual(sent), "other bytes are received than were sent");
    }

    private static void NoEdgeIsLostWhileACallbackRuns(World world)
    {
        EventManager manager = world.CreateLoop("loop").Manager;
        byte[] sent = new byte[world.Random.Next(1, 20)];
        world.Random.NextBytes(sent);
        (FdHandle reader, FdHandle writer) = world.CreatePipe();
        List<byte> received = [];
        manager.CreateSocketEvent(
            reader,
            EventSet.In | EventSet.EdgeTriggered,
            (socketEvent, _) =>
            {
                Span<byte> buffer = stackalloc byte[8];
                IOResult result;
                do
                {
                    result = NonBlocking.TryRead(reader, buffer);
                    received.AddRange(buffer[..result.Count]);
                }
                while (result.IsSuccess && !result.IsEndOfStream);
                if (result.IsEndOfStream)
                {
                    socketEvent.Cancel();
                    reader.Dispose();
                }

                world.Yield();
            },
            new SocketEventOptions { Target = CallbackTarget.Worker() });
        WriteAll(world, writer, sent);
        world.RunUntil(() => reader.IsClosed);
        world.Assert(received.SequenceEqual(sent), "other bytes are received than were sent");
    }

    // In small pieces, from another loop: some while the reader works, and the end at once after the last one or later.
    private static void WriteAll(World world, FdHandle writer, byte[] bytes)
    {
        EventManager other = world.CreateLoop("writer").Manager;
        int written = 0;
        other.Defer(Write);

        void Write(EventManager manager)
        {
            int count = Math.Min(1 + world.Random.Next(4), bytes.Length - written);
            written += NonBlocking.TryWrite(writer, bytes.AsSpan(written, count)).Count;
            if (written == bytes.Length)
            {
                writer.Dispose();
            }
            else if (world.Random.OneIn(2))
            {
                manager.Defer(Write);
            }
            else
            {
                manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), (_, _) => Write(manager));
            }
        }
    }
}
