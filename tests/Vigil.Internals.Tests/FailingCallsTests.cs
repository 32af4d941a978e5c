using Vigil.Internals.Tests.Support;
using Vigil.Interop;

namespace Vigil.Internals.Tests;

/// <summary>
/// The life of a small program in which one system call fails: always, or only once, at its first or any later call. For every call: the
/// failure is an EventManagerException or an IOResult, nothing else ends, nothing is reported endlessly, the loop does not spin, and no
/// descriptor stays open. If a call fails only once, everything else that was requested is reported. With VIGIL_ALL_FAILURES=1 each call
/// fails in every way; otherwise in one or two.
/// </summary>
public sealed class FailingCallsTests
{
    private const int MostReports = 20;
    private const int MostLooks = 100;
    private const int EIO = 5;

    // The number on x64, and that of the table that younger architectures share.
    private static readonly Dictionary<string, (uint X64, uint Generic)> Calls = new(StringComparer.Ordinal)
    {
        ["read"] = (0, 63),
        ["write"] = (1, 64),
        ["poll"] = (7, 73),
        ["ioctl"] = (16, 29),
        ["pread64"] = (17, 67),
        ["sendto"] = (44, 206),
        ["recvfrom"] = (45, 207),
        ["socketpair"] = (53, 199),
        ["getsockopt"] = (55, 209),
        ["fcntl"] = (72, 25),
        ["fstatfs"] = (138, 44),
        ["getdents64"] = (217, 61),
        ["epoll_wait"] = (232, 22),
        ["epoll_ctl"] = (233, 21),
        ["waitid"] = (247, 95),
        ["inotify_add_watch"] = (254, 27),
        ["inotify_rm_watch"] = (255, 28),
        ["openat"] = (257, 56),
        ["newfstatat"] = (262, 79),
        ["readlink"] = (89, 78),
        ["timerfd_create"] = (283, 85),
        ["timerfd_settime"] = (286, 86),
        ["accept4"] = (288, 242),
        ["eventfd2"] = (290, 19),
        ["epoll_create1"] = (291, 20),
        ["pipe2"] = (293, 59),
        ["inotify_init1"] = (294, 26),
        ["statx"] = (332, 291),
        ["pidfd_open"] = (434, 434),
        ["epoll_pwait2"] = (441, 441),
    };

    private static readonly TimeSpan TimeBetweenLooks = TimeSpan.FromMilliseconds(10);

    // Waiting is useless for what is always refused; what is refused once comes, sometimes after a pause of a second.
    private static readonly TimeSpan BriefPatience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(10);

    private static readonly int[] ForGood =
    [
        Errno.ENOMEM, Errno.EMFILE, Errno.ENFILE, Errno.EPERM, Errno.EBADF, Errno.EINVAL, Errno.ENOSPC, Errno.ENOSYS, Errno.EACCES, EIO,
    ];

    // Without permanent errors: that the call does not exist, or that a number is not open.
    private static readonly int[] Once = [Errno.ENOMEM, Errno.EMFILE, Errno.ENFILE, Errno.ENOSPC, Errno.EACCES, Errno.EAGAIN, EIO];

    private static readonly string[] Interruptible =
    [
        "read", "write", "sendto", "recvfrom", "epoll_wait", "epoll_pwait2", "accept4", "waitid", "openat", "getdents64", "statx",
        "newfstatat",
        "inotify_add_watch",
    ];

    private static bool IsWhole => Environment.GetEnvironmentVariable("VIGIL_ALL_FAILURES") == "1";

    public static TheoryData<string, int> FailuresForGood() => Pairs(Calls.Keys, IsWhole ? ForGood : [Errno.ENOMEM, Errno.EMFILE]);

    public static TheoryData<string, int> FailuresOfOne() => Pairs(Calls.Keys, IsWhole ? Once : [Errno.ENOMEM]);

    public static TheoryData<string> Interruptions() => [.. Interruptible];

    [Theory]
    [MemberData(nameof(FailuresForGood))]
    public void A_call_that_fails_for_good_has_a_defined_outcome(string call, int errno)
    {
        Rehearse();
        Live(BriefPatience, program =>
        {
            bool mayRefuse = new BackgroundThread<bool>(
                () => SystemCallFilter.TryRefuse(NumberOf(call), errno) && program.Live() is not null).Result();
            Assert.SkipUnless(mayRefuse, "This system does not allow filters of system calls.");
            Assert.InRange(program.Reports.Count, 0, MostReports);
        });
    }

    [Theory]
    [MemberData(nameof(FailuresOfOne))]
    public void One_call_that_fails_costs_at_most_what_was_refused(string call, int errno) =>
        LiveWithEach(call, errno, program => Assert.InRange(program.Refusals.Count, 0, 1));

    [Theory]
    [MemberData(nameof(Interruptions))]
    public void A_call_that_is_interrupted_by_a_signal_is_made_again(string call) => LiveWithEach(call, Errno.EINTR, program =>
    {
        // Nothing blocks in procfs.
        Assert.DoesNotContain(program.Refusals, refusal => !refusal.Contains("/proc/self/task", StringComparison.Ordinal));
        Assert.False(program.MayMissFiles);
    });

    // One run per such call in a life. Not all of them if not everything is requested: a later call is rarely the only one
    // of its kind.
    private static void LiveWithEach(string call, int errno, Action<SmallProgram> verify)
    {
        Rehearse();
        int count = int.MaxValue;
        for (int number = 1; number <= count; number += IsWhole ? 1 : 1 + (number / 4))
        {
            Live(LongPatience, program =>
            {
                using var nth = new NthCall(NumberOf(call), number, errno);
                List<string>? refusals = nth.Run(program.Live);
                Assert.SkipWhen(refusals is null, "This system does not allow filters of system calls that wait for an answer.");
                string outcome = $"refused: {string.Join(' ', refusals)}, reported: {string.Join(' ', program.Reports)}";
                string where = $"{call} {number}, errno {errno}, {outcome}";
                string[] wrong = program.WrongFiles();
                Assert.True(program.Missing.Count == 0, $"Not told: {string.Join(", ", program.Missing)}. {where}");
                Assert.True(wrong is [], $"Wrong files: {string.Join(", ", wrong)}. {where}");
                Assert.InRange(program.Reports.Count, 0, MostReports);
                verify(program);
                count = nth.Count < number ? number : int.MaxValue;
            });
        }
    }

    // Loads and compiles the code that runs later, because that takes system calls of the runtime's.
    private static void Rehearse() => WithDirectory(directory =>
    {
        using var program = new SmallProgram(directory, LongPatience);
        Assert.Empty(new BackgroundThread<List<string>>(program.Live).Result());
        Assert.Empty(program.Missing);
        Assert.Empty(program.WrongFiles());
    });

    // Exact: what the runtime opens for good, the rehearsal has had it open. Once in some thousand lives both ends of a pipe are open that
    // is not the library's: they are closed some milliseconds later, while a descriptor that the library forgot stays open until a garbage
    // collection.
    private static void Live(TimeSpan patience, Action<SmallProgram> live) => Assert.Empty(LeftOpenBy(patience, live));

    private static OpenDescriptor[] LeftOpenBy(TimeSpan patience, Action<SmallProgram> live)
    {
        OpenDescriptor[] left = [];
        WithDirectory(directory =>
        {
            using var program = new SmallProgram(directory, patience);
            left = OpenDescriptors.OpenedBy(() => live(program), below: directory);
            int collections = GC.CollectionCount(0);
            for (int looks = 0; left is not [] && looks < MostLooks; looks++)
            {
                Thread.Sleep(TimeBetweenLooks);
                OpenDescriptor[] still = OpenDescriptors.StillOpen(left);
                left = GC.CollectionCount(0) == collections ? still : left;
            }
        });
        return left;
    }

    private static void WithDirectory(Action<string> action)
    {
        string directory = Directory.CreateTempSubdirectory("vigil-").FullName;
        try
        {
            action(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static uint NumberOf(string call) => SystemCallFilter.IsX64 ? Calls[call].X64 : Calls[call].Generic;

    private static TheoryData<string, int> Pairs(IEnumerable<string> calls, int[] errnos)
    {
        var pairs = new TheoryData<string, int>();
        foreach (string call in calls)
        {
            foreach (int errno in errnos)
            {
                pairs.Add(call, errno);
            }
        }

        return pairs;
    }
}
