using System.Diagnostics;
using System.Net.Sockets;
using Vigil.Internals.Tests.Support;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Internals.Tests;

/// <summary>
/// A small program's life while one system call fails, each in turn, for good, on a thread of its own. Whatever the call: what fails is an
/// EventManagerException or an IOResult, nothing
/// ends anything else, nothing is reported without end, and the loop does not spin. With VIGIL_ALL_FAILURES=1 each call fails in every way;
/// otherwise in two.
/// </summary>
public sealed class FailingCallsTests
{
    private const int MostReports = 20;

    // By x64's number and that of the table that younger architectures share.
    private static readonly Dictionary<string, (uint X64, uint Generic)> Calls = new(StringComparer.Ordinal)
    {
        ["read"] = (0, 63),
        ["write"] = (1, 64),
        ["poll"] = (7, 73),
        ["ioctl"] = (16, 29),
        ["sendto"] = (44, 206),
        ["recvfrom"] = (45, 207),
        ["socketpair"] = (53, 199),
        ["getsockopt"] = (55, 209),
        ["fcntl"] = (72, 25),
        ["fstatfs"] = (138, 44),
        ["epoll_wait"] = (232, 22),
        ["epoll_ctl"] = (233, 21),
        ["inotify_add_watch"] = (254, 27),
        ["timerfd_create"] = (283, 85),
        ["timerfd_settime"] = (286, 86),
        ["accept4"] = (288, 242),
        ["eventfd2"] = (290, 19),
        ["epoll_create1"] = (291, 20),
        ["pipe2"] = (293, 59),
        ["inotify_init1"] = (294, 26),
        ["pidfd_open"] = (434, 434),
        ["epoll_pwait2"] = (441, 441),
    };

    private static readonly int[] Quick = [Errno.ENOMEM, Errno.EMFILE];

    private static readonly int[] All = [Errno.ENOMEM, Errno.EMFILE, Errno.ENFILE, Errno.EPERM, Errno.EBADF, Errno.EINVAL, Errno.ENOSPC, Errno.ENOSYS, Errno.EACCES, 5];

    public static TheoryData<string, int> Failures()
    {
        bool isWhole = Environment.GetEnvironmentVariable("VIGIL_ALL_FAILURES") == "1";
        var failures = new TheoryData<string, int>();
        foreach (string call in Calls.Keys)
        {
            foreach (int errno in isWhole ? All : Quick)
            {
                failures.Add(call, errno);
            }
        }

        return failures;
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_call_that_fails_for_good_has_a_defined_outcome(string call, int errno)
    {
        string directory = Directory.CreateTempSubdirectory("vigil-").FullName;
        try
        {
            // Loads and compiles what runs, which takes system calls of the runtime's.
            var rehearsal = new Life(directory);
            Assert.Empty(new BackgroundThread<List<string>>(rehearsal.Live).Result());

            uint number = SystemCallFilter.IsX64 ? Calls[call].X64 : Calls[call].Generic;
            var life = new Life(directory);
            List<string>? refusals = new BackgroundThread<List<string>?>(() => SystemCallFilter.TryRefuse(number, errno) ? life.Live() : null).Result();
            Assert.SkipWhen(refusals is null, "This system does not allow filters of system calls.");
            Assert.InRange(life.Reports.Count, 0, MostReports);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>What the program does, step by step. A step that is refused is left out, and the others go on.</summary>
    private sealed class Life(string directory)
    {
        private readonly List<string> _refusals = [];

        public List<FaultReport> Reports { get; } = [];

        public List<string> Live()
        {
            EventManager? manager = null;
            Try(() => manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report }));
            if (manager is null)
            {
                return _refusals;
            }

            manager.FaultReported += (_, report) => Reports.Add(report);
            Try(() => manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), (_, _) => { }));
            Try(() => manager.CreateTimerEvent(DateTimeOffset.UtcNow, TimeSpan.Zero, (_, _) => { }));
            Try(() => manager.CreateFileEvent(directory, (_, _) => { }));
            Try(() => manager.Watch(Environment.ProcessId, (_, _) => { }));
            using UnixPipe? pipe = Make(() => new UnixPipe(nonBlocking: false));
            using UnixSocketPair? pair = Make(() => new UnixSocketPair(SocketType.Dgram, nonBlocking: false));
            foreach (FdHandle? fd in new[] { pipe?.Reader, pair?.First })
            {
                if (fd is not null)
                {
                    SocketEvent? source = Make(() => manager.CreateSocketEvent(fd, EventSet.In | EventSet.EdgeTriggered, (source, _) => NonBlocking.TryRead(source.Fd, new byte[16])));
                    Try(() => source?.Disarm());
                    Try(() => source?.Arm());
                    NonBlocking.TryWrite(fd == pipe?.Reader ? pipe!.Writer : pair!.Second, "x"u8);
                    NonBlocking.TryAccept(fd, out _);
                }
            }

            Try(() => manager.RemoteEndpoint.Fire(_ => { }));
            Turn(manager);
            Try(manager.Dispose);
            return _refusals;
        }

        // Turns that sleep when nothing is to be done. Where the wait itself is refused each says so, and the program that goes on is its
        // own fault.
        private void Turn(EventManager manager)
        {
            var span = TimeSpan.FromMilliseconds(100);
            long start = Stopwatch.GetTimestamp();
            int turns = 0;
            int refused = _refusals.Count;
            while (Stopwatch.GetElapsedTime(start) < span && _refusals.Count == refused)
            {
                Try(() => manager.RunOnce(span));
                Assert.True(++turns < 1000, "The loop spins.");
            }
        }

        private T? Make<T>(Func<T> make)
            where T : class
        {
            T? made = null;
            Try(() => made = make());
            return made;
        }

        private void Try(Action step)
        {
            try
            {
                step();
            }
            catch (EventManagerException refusal)
            {
                Assert.NotEqual("", refusal.Message);
                _refusals.Add(refusal.Message);
            }
        }
    }
}
