using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Vigil.IO;
using Vigil.Recording;

namespace Vigil;

/// <summary>Processes whose ends are recorded, or were. A replay looks at no process, and kills none.</summary>
internal sealed class RecordedProcesses(RecordingSession session, ProcessOrigin inner) : ProcessOrigin
{
    // How a process ended: what is known, and an exit code or a signal's number.
    private const int ExitSize = 5;
    private const byte HasCode = 1;
    private const byte HasSignal = 2;

    public override OpenedProcess Open(Process process) => Open(process.Id, () => inner.Open(process));

    public override OpenedProcess Open(int processId) => Open(processId, () => inner.Open(processId));

    public override OpenedProcess Open(SafeHandle pidFd) => Open(null, () => inner.Open(pidFd));

    private static byte[] Encode(ChildExit exit)
    {
        byte[] bytes = new byte[ExitSize];
        bytes[0] = exit.ExitCode is not null ? HasCode : exit.Signal is not null ? HasSignal : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), exit.ExitCode ?? exit.Signal?.Number ?? 0);
        return bytes;
    }

    // Nothing is known of what is damaged.
    private static ChildExit Decode(ReadOnlySpan<byte> bytes)
    {
        int number = bytes.Length == ExitSize ? BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]) : 0;
        return (bytes.Length == ExitSize ? bytes[0] : 0) switch
        {
            HasCode => new ChildExit(number, null),
            HasSignal when number is > 0 and <= 64 => new ChildExit(null, new Signal(number)),
            _ => default,
        };
    }

    // The answer's number is the descriptor's, or −1 if the process has ended; its errno says whether the status must be taken.
    private OpenedProcess Open(int? processId, Func<OpenedProcess> open)
    {
        OpenedProcess? asked = null;
        RecordedAnswer answer = session.Ask(RecordedQuestion.ProcessOpen, () =>
        {
            OpenedProcess opened = open();
            asked = opened;
            return opened.PidFd is null
                ? new RecordedAnswer(-1) { Bytes = Encode(opened.Exit) }
                : new RecordedAnswer(opened.PidFd.Number) { Bytes = [opened.End!.MustReap ? (byte)1 : (byte)0] };
        });
        if (asked is { } process)
        {
            return process.End is null ? process : process with { End = new RecordedEnd(session, process.End, process.End.MustReap) };
        }

        return answer.Number < 0
            ? OpenedProcess.Ended(processId, Decode(answer.Bytes))
            : new OpenedProcess(
                processId, new RecordedEnd(session, inner: null, answer.Bytes.FirstOrDefault() == 1), new InertHandle(answer.Number));
    }

    /// <param name="session">Records or replays.</param>
    /// <param name="inner">The end that is recorded; null in a replay.</param>
    /// <param name="mustReap">Whether the status must be taken.</param>
    private sealed class RecordedEnd(RecordingSession session, ProcessEnd? inner, bool mustReap) : ProcessEnd
    {
        public override bool MustReap => mustReap;

        public override EndAnswer Ask(FdHandle pidFd, Action wake)
        {
            RecordedAnswer recorded = session.Ask(RecordedQuestion.ProcessEnd, () =>
            {
                EndAnswer answer = inner!.Ask(pidFd, wake);
                return new RecordedAnswer((int)answer.State, answer.Errno) { Bytes = Encode(answer.Exit) };
            });
            return new EndAnswer((EndState)recorded.Number, Decode(recorded.Bytes), recorded.Errno);
        }

        public override int Send(FdHandle pidFd, Signal signal) =>
            session.Ask(RecordedQuestion.ProcessSend, () => new RecordedAnswer(signal.Number, inner!.Send(pidFd, signal))).Errno;

        public override bool WaitUntilEnded(FdHandle pidFd, int patienceMilliseconds) => session.Ask(
            RecordedQuestion.ProcessAwait,
            () => new RecordedAnswer(inner!.WaitUntilEnded(pidFd, patienceMilliseconds) ? 1 : 0)).Number == 1;

        public override void Dispose() => inner?.Dispose();
    }
}
