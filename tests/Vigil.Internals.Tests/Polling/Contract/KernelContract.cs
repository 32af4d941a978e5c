using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Vigil.Internals.Tests.Support;

namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>Requirements for pollers of real files and real time only: signals, precision, urgent data.</summary>
public abstract class KernelContract<TRig> : PollerContract<TRig>
    where TRig : RealRig, new()
{
    // A changed window size disturbs nothing here, and the runtime handles it like any other signal.
    private const PosixSignal Harmless = PosixSignal.SIGWINCH;
    private const int HarmlessNumber = 28;

    [Fact]
    public void A_deadline_is_not_rounded_up_to_milliseconds()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        long best = long.MaxValue;

        // On a busy machine most waits may be late. A single one out of very many that is not late proves that it is possible.
        for (int i = 0; i < 2000 && best > 1_900_000; i++)
        {
            long start = Rig.NowNanoseconds;
            Assert.Empty(Rig.Wait(Deadline.At(start + 1_300_000)));
            best = Math.Min(best, Rig.NowNanoseconds - start);
        }

        Assert.InRange(best, 1_300_000, 1_900_000);
    }

    [Fact]
    public void A_wait_with_a_deadline_ends_when_another_thread_makes_a_file_ready()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        Deadline far = Rig.In(3_600_000_000_000);
        BackgroundThread<Readiness[]> wait = Rig.StartWait(far);
        wait.AwaitSleep();

        file.BecomeReadable();

        Assert.Equal([new Readiness(PollerRig.TokenOf(file), EventSet.In)], wait.Result());
    }

    [Fact]
    public void Signals_neither_shorten_nor_lengthen_a_wait_with_a_deadline()
    {
        using var signals = new SignalCounter();
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        int sent = 0;

        // A longer wait, if this thread was not scheduled within the shorter one.
        for (long span = 50_000_000; sent == 0; span *= 2)
        {
            Assert.True(span < 60_000_000_000, "No signal met a wait.");
            Deadline deadline = Rig.In(span);
            BackgroundThread<Readiness[]> wait = Rig.StartWait(deadline);

            // Signals go on until the wait is over, so a wait that began anew with each signal would never end.
            sent = SignalWhileAsleep(wait, enough: int.MaxValue);

            Assert.Empty(wait.Result());
            Assert.True(Rig.NowNanoseconds >= deadline.Nanoseconds, "The wait ended before its deadline.");
        }

        signals.AwaitOne();
    }

    [Fact]
    public void Signals_do_not_end_a_wait_without_a_deadline()
    {
        using var signals = new SignalCounter();
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        BackgroundThread<Readiness[]> wait = Rig.StartWait(Deadline.Infinite);

        int sent = SignalWhileAsleep(wait, enough: 20);
        file.BecomeReadable();

        Assert.Equal([new Readiness(PollerRig.TokenOf(file), EventSet.In)], wait.Result());
        Assert.Equal(20, sent);
        signals.AwaitOne();
    }

    [Fact]
    public void Urgent_data_of_TCP_is_reported_as_priority()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        sender.Connect(listener.LocalEndPoint!);
        using Socket receiver = listener.Accept();
        Assert.Equal(0, Rig.Poller.Add((int)receiver.Handle, 77, EventSet.Priority));

        sender.Send("x"u8);
        Assert.Empty(Rig.Poll());

        sender.Send("!"u8, SocketFlags.OutOfBand);
        Assert.Equal([new Readiness(77, EventSet.Priority)], Rig.StartWait(Deadline.Infinite).Result());
    }

    private static int SignalWhileAsleep(BackgroundThread<Readiness[]> wait, int enough)
    {
        int sent = 0;
        wait.AwaitSleep();
        while (wait.IsAlive && sent < enough)
        {
            wait.Signal(HarmlessNumber);
            sent++;
            wait.AwaitSleep();
        }

        return sent;
    }

    /// <summary>Handles the signal; otherwise it would be ignored and interrupt nothing.</summary>
    private sealed class SignalCounter : IDisposable
    {
        private readonly PosixSignalRegistration _registration;
        private int _handled;

        public SignalCounter() => _registration = PosixSignalRegistration.Create(Harmless, _ => Interlocked.Increment(ref _handled));

        public void AwaitOne() => Patience.Until(() => Volatile.Read(ref _handled) > 0, "a signal that is handled");

        public void Dispose() => _registration.Dispose();
    }
}
