using System.Globalization;
using System.Net;
using Vigil.IO;
using Vigil.Polling;
using Vigil.Timing;

namespace Vigil.Recording;

/// <summary>
/// Replays a recording: each question that the loop asks gets the recorded answer, if it is the question that was recorded. If not, the
/// replay has diverged. From then on the answers mean nothing, and the next wait throws.
/// </summary>
internal sealed class ReplaySession : RecordingSession
{
    private readonly RecordReader _reader;
    private readonly long[] _lastReadings = new long[Enum.GetValues<RecordedClock>().Length];
    private readonly Dictionary<string, Func<byte[], int>> _inputs = new(StringComparer.Ordinal);
    private RecordEntry? _next;
    private RecordEntry? _afterNext;
    private long _position = -1;
    private long _iteration;
    private ReplayDivergedException? _divergence;
    private bool _isReported;

    public ReplaySession(RecordReader reader)
    {
        _reader = reader;
        _lastReadings[(int)RecordedClock.WallClock] = reader.Header.WallClock;
        _lastReadings[(int)RecordedClock.Date] = (DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(reader.Header.WallClock / 100)).Ticks;
        _next = reader.Next();
        _afterNext = reader.Next();
    }

    /// <summary>Whether everything was replayed.</summary>
    public bool IsOver => _next is null;

    /// <summary>Stops the run.</summary>
    public Action? Stop { get; set; }

    public override bool IsReplay => true;

    public override bool HasTraffic => _reader.Header.HasTraffic;

    public override IPoller Wrap(IPoller poller)
    {
        bool sharesThread = poller.SharesThread;
        poller.Dispose();
        return new ReplayedPoller(this, sharesThread);
    }

    public override IClock Wrap(IClock clock, TimerClock kind) => new ReplayedClock(this, clock, kind);

    protected override FdHandle OpenRecorded(string name, Func<FdHandle> open)
    {
        string action = $"opens the descriptor {name}";
        RecordEntry? record = Take(RecordKind.Opened, action);
        if (record is not null && !string.Equals(record.Text, name, StringComparison.Ordinal))
        {
            Diverge(record, action);
        }

        if (record is { Number: NotOpened } && TakeAnswer(RecordedQuestion.DescriptorOpen, subject: default) is { } failure)
        {
            var answer = new RecordedAnswer(failure.Number, failure.Errno) { Failure = failure.Failure, Bytes = failure.Bytes };
            answer.ThrowIfFailed();
            throw OpenFailure.ExceptionOf(answer);
        }

        return new ReplayedHandle(this, Math.Max(record?.Number ?? 0, 0));
    }

    public override bool DecideWait(bool isImmediate)
    {
        ThrowIfDiverged();
        if (IsOver)
        {
            Stop?.Invoke();
            return true;
        }

        _iteration++;
        return Take(RecordKind.Iteration, "begins an iteration")?.Value == 1;
    }

    /// <summary>Whether the recording has another message in this iteration.</summary>
    /// <param name="input">Delivers it, if it is an input; otherwise null.</param>
    /// <param name="sequence">Its number; 0 if it has none.</param>
    public bool TryTakeMessage(out Func<int>? input, out long sequence)
    {
        input = null;
        sequence = 0;
        if (_next?.Kind != RecordKind.Message)
        {
            return false;
        }

        Advance();
        if (_next is { Kind: RecordKind.Input } record)
        {
            input = () => Deliver(record);
        }
        else if (_next is { Kind: RecordKind.Sequence })
        {
            sequence = _next.Value;
            Advance();
        }

        return true;
    }

    /// <summary>An iteration is over. If the recorded run was stopped then, for instance by another thread, so is this one.</summary>
    /// <exception cref="ReplayDivergedException">The replay has diverged in it.</exception>
    public void EndIteration()
    {
        ThrowIfDiverged();
        if (_next is { Kind: RecordKind.RunEnd })
        {
            Stop?.Invoke();
        }
    }

    public override void EndRun()
    {
        Take(RecordKind.RunEnd, "ends its run");
        ThrowIfDiverged();
    }

    public override void OnMessage(long sequence)
    {
        // The replay takes messages by TryTakeMessage.
    }

    public override RecordedAnswer Ask(RecordedQuestion question, Func<RecordedAnswer> ask)
    {
        string action = RecordText.Of(question);
        RecordEntry? record = TakeOfClaim(RecordKind.Answer, action);
        if (record is null || record.Question != question)
        {
            if (record is not null)
            {
                Diverge(record, action);
            }

            return default;
        }

        var answer = new RecordedAnswer(record.Number, record.Errno) { Failure = record.Failure, Bytes = record.Bytes };
        answer.ThrowIfFailed();
        return answer;
    }

    /// <summary>As <see cref="Ask"/>, for an answer that <see cref="LiveSession.Answered"/> has recorded.</summary>
    /// <param name="question">What is asked.</param>
    /// <param name="subject">What it is asked about, which the recording has, too; empty if the bytes are the answer's.</param>
    /// <param name="answer">The recorded answer.</param>
    /// <returns>False if there is none, because the recording is over, or the replay has diverged.</returns>
    public bool TryAnswer(RecordedQuestion question, ReadOnlySpan<byte> subject, out RecordedAnswer answer)
    {
        RecordEntry? record = TakeAnswer(question, subject);
        answer = record is null ? default : new RecordedAnswer(record.Number, record.Errno) { Bytes = record.Bytes };
        return record is not null;
    }

    /// <summary>As above, for a question whose answer is a number of bytes.</summary>
    public bool TryAnswer(RecordedQuestion question, Span<byte> buffer, out int count, out int errno)
    {
        RecordEntry? record = TakeAnswer(question, subject: default);
        (count, errno) = (record?.Number ?? 0, record?.Errno ?? 0);
        if (record is not null && (record.Bytes.Length > buffer.Length || record.Bytes.Length != Math.Max(count, 0)))
        {
            Diverge(record, $"{RecordText.Of(question)} with room for {buffer.Length} bytes");
            return false;
        }

        record?.Bytes.CopyTo(buffer);
        return record is not null;
    }

    public override void AddInput(string name, Func<byte[], int> deliver)
    {
        if (!_inputs.TryAdd(name, deliver))
        {
            throw new ArgumentException($"There is an input of the name {name} already.", nameof(name));
        }
    }

    public override long OnReading(RecordedClock clock, long reading)
    {
        if (!IsMine)
        {
            return _lastReadings[(int)clock];
        }

        string action = $"reads the clock {clock}";
        if (Take(RecordKind.Clock, action) is { } record)
        {
            if (record.Number != (int)clock)
            {
                Diverge(record, action);
            }

            _lastReadings[(int)clock] = record.Value;
        }

        return _lastReadings[(int)clock];
    }

    public override void OnInput(string name, ReadOnlySpan<byte> bytes)
    {
        // Only inputs of the recording count.
    }

    public override void Dispose() => _reader.Dispose();

    /// <summary>The loop wanted a message, and the mailbox has none.</summary>
    public void MissMessage() =>
        Diverge(_next, "has no message in its mailbox. One that another thread sends is replayed only as an input");

    private RecordEntry? TakeAnswer(RecordedQuestion question, ReadOnlySpan<byte> subject)
    {
        string action = RecordText.Of(question, subject);
        RecordEntry? record = TakeOfClaim(RecordKind.Answer, action);
        if (record is null || (record.Question == question && (subject.IsEmpty || subject.SequenceEqual(record.Bytes))))
        {
            return record;
        }

        Diverge(record, action);
        return null;
    }

    /// <summary>The divergence, if no iteration has thrown it; null from then on.</summary>
    public ReplayDivergedException? TakeUnreported()
    {
        ReplayDivergedException? divergence = _isReported ? null : _divergence;
        _isReported = true;
        return divergence;
    }

    private void ThrowIfDiverged()
    {
        if (_divergence is not null)
        {
            _isReported = true;
            throw _divergence;
        }
    }

    private int Deliver(RecordEntry record)
    {
        if (_inputs.TryGetValue(record.Text, out Func<byte[], int>? deliver))
        {
            Advance();
            return deliver(record.Bytes);
        }

        Diverge(record, $"has no input of the name {record.Text}");
        return 0;
    }

    // Only what is not exact has a record.
    private WakeUp TakeWakeUp() => _next is { Kind: RecordKind.Answer, Question: RecordedQuestion.ClockWake }
        ? (WakeUp)Ask(RecordedQuestion.ClockWake, static () => default).Number
        : WakeUp.Exact;

    private RecordEntry? Take(RecordKind kind, string action) => IsMine ? TakeOfClaim(kind, action) : null;

    // For what only the holder of the loop's claim does. Before the run that may be another thread than the one that runs it.
    private RecordEntry? TakeOfClaim(RecordKind kind, string action)
    {
        if (_divergence is not null)
        {
            return null;
        }

        if (_next is { Kind: RecordKind.Gap })
        {
            Diverge(_next, action);
            return null;
        }

        if (_next?.Kind != kind)
        {
            // Behind the end, the program may still ask before its next iteration.
            if (_next is not null)
            {
                Diverge(_next, action);
            }

            return null;
        }

        RecordEntry record = _next;
        Advance();
        return record;
    }

    private void Advance()
    {
        _position++;
        _next = _afterNext;
        try
        {
            _afterNext = _reader.Next();
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            // This may be in a callback, whose fault it is not.
            _afterNext = null;
            _divergence ??= new ReplayDivergedException($"The replay cannot go on: {exception.Message}", exception);
        }
    }

    private void Diverge(RecordEntry? recorded, string action)
    {
        string what = recorded is null ? "the end" : RecordText.Of(recorded);
        _divergence ??= new ReplayDivergedException(string.Create(
            CultureInfo.InvariantCulture,
            $"The replay diverged in iteration {_iteration}, at record {_position + 1}: recorded is {what}; the program {action}."));
    }

    /// <summary>Reports what was recorded. Registrations are compared, and go nowhere.</summary>
    private sealed class ReplayedPoller(ReplaySession session, bool sharesThread) : IPoller
    {
        public bool SharesThread => sharesThread;

        public int Add(int fd, SourceToken token, EventSet interest) => Answer(RegistrationCall.Add, fd, token, interest);

        public int Modify(int fd, SourceToken token, EventSet interest) => Answer(RegistrationCall.Modify, fd, token, interest);

        public int Remove(int fd) => Answer(RegistrationCall.Remove, fd, default, default);

        public int Wait(Deadline deadline, ReadyBuffer ready)
        {
            session.ThrowIfDiverged();
            RecordEntry? record = session.Take(RecordKind.Wait, "waits");
            session.ThrowIfDiverged();
            ready.Clear(record?.Ready.Count ?? 0);
            foreach ((SourceToken token, EventSet events) in record?.Ready ?? [])
            {
                if (!ready.TryAdd(token, events))
                {
                    session.Diverge(record, $"has room for {ready.Size} ready descriptors only");
                    session.ThrowIfDiverged();
                }
            }

            return record?.Errno ?? 0;
        }

        public int BeginRebuild() => Answer(RegistrationCall.BeginRebuild, 0, default, default);

        public int Transfer(int fd, SourceToken token, EventSet? interest) =>
            Answer(RegistrationCall.Transfer, fd, token, interest ?? default);

        public void EndRebuild() => Answer(RegistrationCall.EndRebuild, 0, default, default);

        public void AbandonRebuild() => Answer(RegistrationCall.AbandonRebuild, 0, default, default);

        public void Dispose()
        {
            // Nothing is open.
        }

        // Numbers are not compared: the kernel gives others. Tokens are the loop's own, and repeat.
        private int Answer(RegistrationCall call, int fd, SourceToken token, EventSet interest)
        {
            string action = RecordText.Of(call, ReplayedNumber.ToRecorded(fd), token, interest);
            RecordEntry? record = session.TakeOfClaim(RecordKind.Registration, action);
            if (record is not null && (record.Call != call || record.Token != token || record.Events != interest))
            {
                session.Diverge(record, action);
            }

            return record?.Errno ?? 0;
        }
    }

    /// <summary>Reads what was read.</summary>
    private sealed class ReplayedClock(ReplaySession session, IClock inner, TimerClock kind) : IClock
    {
        private InertHandle? _handle;

        public long Now => session.OnReading((RecordedClock)kind, reading: 0);

        public long ReadingError => inner.ReadingError;

        public bool IsPollersClock => inner.IsPollersClock;

        // Readings of the manager's TimeProvider are of today.
        public bool ReadsTimestamps => inner.ReadsTimestamps;

        public bool CanBeSet => inner.CanBeSet;

        public bool HasStepped => Answer();

        // The recorded number may have been another descriptor's before, and may be another's after.
        public FileDescriptor? Open()
        {
            int number = session.Ask(RecordedQuestion.ClockOpen, static () => default).Number;
            if (number < 0)
            {
                return null;
            }

            _handle ??= new InertHandle(number);
            return new FileDescriptor(_handle);
        }

        public void Close()
        {
            _handle?.Dispose();
            _handle = null;
        }

        public WakeUp WakeAt(long deadline, bool detectsSteps) => session.TakeWakeUp();

        public bool TryTakeStep() => Answer();

        public long FromTimestamp(long timestamp) => inner.FromTimestamp(timestamp);

        public Int128 FromDate(DateTimeOffset date) => inner.FromDate(date);

        public void Dispose()
        {
            Close();
            inner.Dispose();
        }

        private bool Answer() => session.Take(RecordKind.ClockStep, $"asks whether the clock {kind} was set")?.Value == 1;
    }

    /// <summary>Gives what was read, and compares what is written.</summary>
    private sealed class ReplayedHandle : VirtualHandle
    {
        private readonly ReplaySession _session;
        private readonly int _recorded;

        public ReplayedHandle(ReplaySession session, int number)
            : base(ReplayedNumber.Of(number))
        {
            _session = session;
            _recorded = number;
        }

        protected internal override IOResult TryRead(Span<byte> buffer)
        {
            _session.RequireLoop(_recorded);
            string action = $"reads from fd {_recorded}";
            RecordEntry? record = _session.Take(RecordKind.Read, action);
            if (record is null)
            {
                return new IOResult(0, Interop.Errno.EAGAIN);
            }

            if (record.Number != _recorded || record.Bytes.Length != record.Value || record.Value > buffer.Length)
            {
                _session.Diverge(record, _session.HasTraffic
                    ? $"{action} up to {buffer.Length} bytes"
                    : $"{action}, whose bytes were not recorded (RecorderOptions.IncludeTraffic): this recording can only be read");
                return new IOResult(0, Interop.Errno.EAGAIN);
            }

            record.Bytes.CopyTo(buffer);
            return new IOResult((int)record.Value, record.Errno);
        }

        protected internal override IOResult TryWrite(ReadOnlySpan<byte> buffer)
        {
            _session.RequireLoop(_recorded);
            string action = $"writes {buffer.Length} bytes to fd {_recorded}: {RecordText.OfBytes(buffer)}";
            RecordEntry? record = _session.Take(RecordKind.Write, action);
            if (record is not null
                && (record.Number != _recorded || record.Value > buffer.Length || record.Value < 0 || !buffer.StartsWith(record.Bytes)))
            {
                _session.Diverge(record, action);
            }

            return record is null ? new IOResult(0, Interop.Errno.EAGAIN) : new IOResult((int)record.Value, record.Errno);
        }

        protected internal override IOResult TryReceive(DatagramBatch batch)
        {
            _session.RequireLoop(_recorded);
            string action = $"takes datagrams from fd {_recorded}";
            RecordEntry? record = _session.Take(RecordKind.Datagrams, action);
            if (record is null)
            {
                return new IOResult(0, Interop.Errno.EAGAIN);
            }

            bool fits = record.Number == _recorded && record.Datagrams.Count == record.Value && record.Value <= batch.Capacity
                && record.Datagrams.All(datagram => datagram.Bytes.Length <= batch.MaxLength);
            if (!fits)
            {
                _session.Diverge(record, $"{action}, up to {batch.Capacity} of {batch.MaxLength} bytes");
                return new IOResult(0, Interop.Errno.EAGAIN);
            }

            foreach (RecordedDatagram datagram in record.Datagrams)
            {
                batch.TryAddRaw(datagram.Bytes, datagram.Sender, datagram.IsTruncated);
            }

            return new IOResult((int)record.Value, record.Errno);
        }

        protected internal override IOResult TryAccept(out FdHandle? connection, out EndPoint? peer)
        {
            _session.RequireLoop(_recorded);
            string action = $"accepts on fd {_recorded}";
            RecordEntry? record = _session.Take(RecordKind.Accept, action);
            if (record is not null && record.Number != _recorded)
            {
                _session.Diverge(record, action);
            }

            connection = record is { Value: >= 0 } ? new ReplayedHandle(_session, (int)record.Value) : null;
            peer = record is { Text.Length: > 0 } && IPEndPoint.TryParse(record.Text, out IPEndPoint? parsed) ? parsed : null;
            return new IOResult(0, record?.Errno ?? Interop.Errno.EAGAIN);
        }

        protected internal override IOResult TryShutdownWrite()
        {
            _session.RequireLoop(_recorded);
            return new IOResult(0, _session.Take(RecordKind.ShutdownWrite, $"shuts down fd {_recorded}")?.Errno ?? 0);
        }

        protected override bool ReleaseHandle() => true;
    }
}
