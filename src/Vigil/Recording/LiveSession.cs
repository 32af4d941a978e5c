using System.Net;
using Vigil.IO;
using Vigil.Polling;
using Vigil.Timing;

namespace Vigil.Recording;

/// <summary>Records a loop.</summary>
internal sealed class LiveSession : RecordingSession
{
    private readonly RecordWriter _writer;
    private readonly FileSink? _file;
    private readonly bool _hasTraffic;
    private readonly HashSet<string> _inputs = new(StringComparer.Ordinal);

    public LiveSession(RecordWriter writer, FileSink? file, bool hasTraffic)
    {
        _writer = writer;
        _file = file;
        _hasTraffic = hasTraffic;
    }

    public override bool HasTraffic => _hasTraffic;

    public override void Attach(ILoopClaim claim, Action<EventManagerException> failed)
    {
        base.Attach(claim, failed);
        _file?.Report(failed);
    }

    public override IPoller Wrap(IPoller poller) => new RecordingPoller(this, poller);

    /// <summary>Lets the file or the ring have everything up to here.</summary>
    /// <param name="isOver">Whether the manager is gone, so that any thread may ask for it.</param>
    /// <exception cref="InvalidOperationException">Another thread may be recording.</exception>
    public void Publish(bool isOver)
    {
        if (!isOver && !IsMine)
        {
            throw new InvalidOperationException("A ring is saved on the loop's thread, or after the manager's disposal.");
        }

        _writer.Publish();
    }

    public override IClock Wrap(IClock clock, TimerClock kind) => new RecordingClock(this, clock, kind);

    protected override FdHandle OpenRecorded(string name, Func<FdHandle> open)
    {
        FdHandle inner;
        try
        {
            inner = open()
                ?? throw new ArgumentException($"The function that opens the descriptor {name} has returned null.", nameof(open));
        }
        catch (Exception exception)
        {
            _writer.Opened(name, NotOpened);
            Record(RecordedQuestion.DescriptorOpen, OpenFailure.Of(exception));
            throw;
        }

        var handle = new RecordedHandle(this, inner);
        _writer.Opened(name, handle.Number);
        return handle;
    }

    public override bool DecideWait(bool isImmediate)
    {
        _writer.Iteration(isImmediate);
        return isImmediate;
    }

    public override bool IsReplay => false;

    public override long OnReading(RecordedClock clock, long reading)
    {
        if (IsMine)
        {
            _writer.Clock(clock, reading);
        }

        return reading;
    }

    public override void EndRun() => _writer.EndRun();

    public override void OnMessage(long sequence) => _writer.Message(sequence);

    public override RecordedAnswer Ask(RecordedQuestion question, Func<RecordedAnswer> ask)
    {
        try
        {
            RecordedAnswer answer = ask();
            Record(question, answer);
            return answer;
        }
        catch (EventManagerException exception)
        {
            Record(question, RecordedAnswer.Of(exception));
            throw;
        }
    }

    /// <summary>
    /// Records an answer that a question got; as <see cref="Ask"/>, for questions that must not cost an object each. The caller has the
    /// claim of the loop.
    /// </summary>
    /// <param name="question">What was asked.</param>
    /// <param name="number">The answer's number.</param>
    /// <param name="errno">The answer's errno.</param>
    /// <param name="bytes">What was asked about, or more of the answer.</param>
    public void Answered(RecordedQuestion question, int number, int errno, ReadOnlySpan<byte> bytes = default) =>
        _writer.Answer(question, EventManagerError.None, number, errno, bytes);

    public override void AddInput(string name, Func<byte[], int> deliver)
    {
        if (!_inputs.Add(name))
        {
            throw new ArgumentException($"There is an input of the name {name} already.", nameof(name));
        }
    }

    public override void OnInput(string name, ReadOnlySpan<byte> bytes) => _writer.Input(name, bytes);

    public override void Dispose() => _writer.Dispose();

    private void Record(RecordedQuestion question, in RecordedAnswer answer) =>
        _writer.Answer(question, answer.Failure, answer.Number, answer.Errno, answer.Bytes);

    private int Registered(RegistrationCall call, int fd, SourceToken token, EventSet interest, int errno)
    {
        _writer.Registration(call, fd, token, interest, errno);
        return errno;
    }

    private ReadOnlySpan<byte> Traffic(ReadOnlySpan<byte> buffer, IOResult result) =>
        _hasTraffic && result.Count > 0 ? buffer[..result.Count] : default;

    /// <summary>Another poller, whose answers are recorded.</summary>
    private sealed class RecordingPoller(LiveSession session, IPoller inner) : IPoller
    {
        public bool SharesThread => inner.SharesThread;

        public IBlockingWait? BlockingWait => inner.BlockingWait;

        public int Add(int fd, SourceToken token, EventSet interest) =>
            session.Registered(RegistrationCall.Add, fd, token, interest, inner.Add(fd, token, interest));

        public int Modify(int fd, SourceToken token, EventSet interest) =>
            session.Registered(RegistrationCall.Modify, fd, token, interest, inner.Modify(fd, token, interest));

        public int Remove(int fd) => session.Registered(RegistrationCall.Remove, fd, default, default, inner.Remove(fd));

        public int Wait(Deadline deadline, ReadyBuffer ready)
        {
            session._writer.Publish();
            int errno = inner.Wait(deadline, ready);
            session._writer.Wait(errno, ready);
            return errno;
        }

        public int BeginRebuild() => session.Registered(RegistrationCall.BeginRebuild, 0, default, default, inner.BeginRebuild());

        public int Transfer(int fd, SourceToken token, EventSet? interest) =>
            session.Registered(RegistrationCall.Transfer, fd, token, interest ?? default, inner.Transfer(fd, token, interest));

        public void EndRebuild()
        {
            inner.EndRebuild();
            session.Registered(RegistrationCall.EndRebuild, 0, default, default, 0);
        }

        public void AbandonRebuild()
        {
            inner.AbandonRebuild();
            session.Registered(RegistrationCall.AbandonRebuild, 0, default, default, 0);
        }

        public void Dispose() => inner.Dispose();
    }

    /// <summary>Another clock, whose readings on the loop's thread are recorded.</summary>
    private sealed class RecordingClock(LiveSession session, IClock inner, TimerClock kind) : IClock
    {
        public long Now => session.OnReading((RecordedClock)kind, inner.Now);

        public long ReadingError => inner.ReadingError;

        public bool IsPollersClock => inner.IsPollersClock;

        public bool ReadsTimestamps => inner.ReadsTimestamps;

        public bool CanBeSet => inner.CanBeSet;

        public bool HasStepped => Answer(inner.HasStepped);

        public FileDescriptor? Open()
        {
            FileDescriptor? opened = null;
            session.Ask(RecordedQuestion.ClockOpen, () => new RecordedAnswer((opened = inner.Open())?.Number ?? -1));
            return opened;
        }

        public void Close() => inner.Close();

        // Nearly always exact, which is not worth a record.
        public WakeUp WakeAt(long deadline, bool detectsSteps)
        {
            try
            {
                WakeUp wakeUp = inner.WakeAt(deadline, detectsSteps);
                if (wakeUp != WakeUp.Exact)
                {
                    session.Record(RecordedQuestion.ClockWake, new RecordedAnswer((int)wakeUp));
                }

                return wakeUp;
            }
            catch (EventManagerException exception)
            {
                session.Record(RecordedQuestion.ClockWake, RecordedAnswer.Of(exception));
                throw;
            }
        }

        public bool TryTakeStep() => Answer(inner.TryTakeStep());

        public long FromTimestamp(long timestamp) => inner.FromTimestamp(timestamp);

        public Int128 FromDate(DateTimeOffset date) => inner.FromDate(date);

        public void Dispose() => inner.Dispose();

        private bool Answer(bool hasStepped)
        {
            if (session.IsMine)
            {
                session._writer.ClockStep(kind, hasStepped);
            }

            return hasStepped;
        }
    }

    /// <summary>A descriptor of the kernel, whose traffic is recorded.</summary>
    private sealed class RecordedHandle : VirtualHandle
    {
        private readonly LiveSession _session;
        private readonly FdHandle _inner;

        public RecordedHandle(LiveSession session, FdHandle inner)
            : base(inner.Number)
        {
            _session = session;
            _inner = inner;
        }

        protected internal override IOResult TryRead(Span<byte> buffer)
        {
            _session.RequireLoop(Number);
            IOResult result = NonBlocking.TryRead(_inner, buffer);
            _session._writer.Transfer(RecordKind.Read, Number, result.Count, result.Errno, _session.Traffic(buffer, result));
            return result;
        }

        protected internal override IOResult TryWrite(ReadOnlySpan<byte> buffer)
        {
            _session.RequireLoop(Number);
            IOResult result = NonBlocking.TryWrite(_inner, buffer);
            _session._writer.Transfer(RecordKind.Write, Number, result.Count, result.Errno, _session.Traffic(buffer, result));
            return result;
        }

        protected internal override IOResult TryReceive(DatagramBatch batch)
        {
            _session.RequireLoop(Number);
            IOResult result = batch.TryReceive(_inner);
            _session._writer.Datagrams(Number, result, _session._hasTraffic ? batch : null);
            return result;
        }

        protected internal override IOResult TryAccept(out FdHandle? connection, out EndPoint? peer)
        {
            _session.RequireLoop(Number);
            IOResult result = NonBlocking.TryAccept(_inner, out FdHandle? accepted, out peer);
            _session._writer.Accept(Number, accepted?.Number ?? -1, result.Errno, peer?.ToString() ?? "");
            connection = accepted is null ? null : new RecordedHandle(_session, accepted);
            return result;
        }

        protected internal override IOResult TryShutdownWrite()
        {
            _session.RequireLoop(Number);
            IOResult result = NonBlocking.TryShutdownWrite(_inner);
            _session._writer.ShutdownWrite(Number, result.Errno);
            return result;
        }

        protected override bool ReleaseHandle()
        {
            _inner.Dispose();
            return true;
        }
    }
}
