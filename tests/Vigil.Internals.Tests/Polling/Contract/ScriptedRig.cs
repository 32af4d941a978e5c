namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>The poller of simulations, with files that a test opens and makes ready.</summary>
public sealed class ScriptedRig : PollerRig
{
    private const int FirstDuplicate = 1000;

    private int _lastNumber = 2;

    public ScriptedRig()
    {
        RegularFile = ++_lastNumber;
        Poller.Open(RegularFile, isPollable: false);
    }

    public override long NowNanoseconds => Poller.NowNanoseconds;

    public override int RegularFile { get; }

    internal override ScriptedPoller Poller { get; } = new();

    protected override PollableFile Open() => OpenAt(++_lastNumber);

    protected override PollableFile OpenAt(int number) => new File(Poller, number);

    private sealed class File : PollableFile
    {
        private readonly ScriptedPoller _poller;

        public File(ScriptedPoller poller, int number)
            : base(number)
        {
            _poller = poller;
            poller.Open(number);
            poller.SetReady(number, EventSet.Out);
        }

        public override void BecomeReadable() => _poller.SetReady(Number, EventSet.Out | EventSet.In);

        public override void BecomeUnreadable() => _poller.SetReady(Number, EventSet.Out);

        public override void HangUp() => _poller.SetReady(Number, EventSet.Out | EventSet.In | EventSet.HangUp | EventSet.ReadHangUp);

        public override void Break() =>
            _poller.SetReady(Number, EventSet.Out | EventSet.In | EventSet.HangUp | EventSet.ReadHangUp | EventSet.Error);

        public override void Duplicate() => _poller.Duplicate(Number, FirstDuplicate + Number);

        public override void Close() => _poller.Close(Number);

        public override void Dispose()
        {
            _poller.Close(Number);
            _poller.Close(FirstDuplicate + Number);
        }
    }
}
