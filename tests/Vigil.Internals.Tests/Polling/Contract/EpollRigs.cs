using Vigil.Internals.Tests.Support;
using Vigil.IO;
using Vigil.Polling;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>epoll, which waits with epoll_pwait2 if the kernel has it.</summary>
public sealed class EpollRig : RealRig
{
    internal override EpollPoller Poller { get; } = new();
}

/// <summary>epoll, which waits with a timerfd.</summary>
public sealed class TimerFdRig : RealRig
{
    internal override EpollPoller Poller { get; } = new(useTimerFd: true);
}

/// <summary>The common part of pollers of the kernel's files.</summary>
public abstract class RealRig : PollerRig
{
    private readonly FileStream _regularFile = new(Path.GetTempFileName(), new FileStreamOptions
    {
        Access = FileAccess.ReadWrite,
        Options = FileOptions.DeleteOnClose,
    });

    public override long NowNanoseconds => MonotonicClock.NowNanoseconds;

    public override int RegularFile => (int)_regularFile.SafeFileHandle.DangerousGetHandle();

    public override void Dispose()
    {
        base.Dispose();
        _regularFile.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override PollableFile Open() => new SocketFile();

    protected override PollableFile OpenAt(int number) => new SocketFile(number);

    /// <summary>One end of a pair of sockets, under a number that no other code in the process gets while it is closed.</summary>
    private sealed class SocketFile : PollableFile
    {
        private readonly List<int> _duplicates = [];
        private readonly FdHandle _peer;
        private bool _isClosed;

        public SocketFile(int? number = null)
            : this(new UnixSocketPair(), number)
        {
        }

        private SocketFile(UnixSocketPair pair, int? number)
            : base(NumberFor(pair.First, number))
        {
            pair.First.Dispose();
            _peer = pair.Second;
        }

        public override void BecomeReadable() => Assert.True(NonBlocking.TryWrite(_peer, "x"u8).IsSuccess);

        public override void BecomeUnreadable() => Assert.True(NonBlocking.TryRead(Number, new byte[64]).IsSuccess);

        public override void HangUp() => _peer.Dispose();

        public override void Break()
        {
            Assert.True(NonBlocking.TryWrite(Number, "x"u8).IsSuccess);
            _peer.Dispose();
        }

        public override void Duplicate() => _duplicates.Add(LibC.DuplicateFrom(Number, OpenDescriptors.Reserved));

        public override void Close()
        {
            if (!_isClosed)
            {
                LibC.Close(Number);
                _isClosed = true;
            }
        }

        public override void Dispose()
        {
            Close();
            _duplicates.ForEach(LibC.Close);
            _peer.Dispose();
        }

        private static int NumberFor(FdHandle handle, int? wanted)
        {
            int fd = (int)handle.DangerousGetHandle();
            if (wanted is { } number)
            {
                LibC.DuplicateTo(fd, number);
                return number;
            }

            return LibC.DuplicateFrom(fd, OpenDescriptors.Reserved);
        }
    }
}
