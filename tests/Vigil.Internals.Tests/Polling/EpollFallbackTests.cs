using Vigil.Internals.Tests.Support;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Polling;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Polling;

/// <summary>Kernels and sandboxes without epoll_pwait2.</summary>
public class EpollFallbackTests
{
    private const uint EpollPwait2 = 441;
    private const string Timer = "anon_inode:[timerfd]";

    public EpollFallbackTests() => OpenDescriptors.CloseForgotten();

    [Theory]
    [InlineData(Errno.ENOSYS)]
    [InlineData(Errno.EPERM)]
    public void Where_epoll_pwait2_is_refused_a_timer_takes_over_and_no_wait_is_short(int refusal)
    {
        Outcome outcome = new BackgroundThread<Outcome>(() => WaitWithout(refusal)).Result();

        Assert.SkipUnless(outcome.CouldRefuse, "System calls cannot be filtered here.");
        Assert.Equal([Errno.Success, Errno.Success], outcome.Errnos);
        Assert.Equal([0, 0], outcome.Ready);
        Assert.All(outcome.Lateness, lateness => Assert.True(lateness >= 0, "The wait ended before its deadline."));
        Assert.Equal(1, outcome.Timers);
    }

    [Fact]
    public void Where_the_kernel_has_epoll_pwait2_no_timer_is_made()
    {
        using var poller = new EpollPoller();
        int timers = OpenDescriptors.Count(Timer);

        Assert.Equal(Errno.Success, poller.Wait(Deadline.At(MonotonicClock.NowNanoseconds + 1000), new ReadyBuffer(8)));

        bool isOld = Environment.OSVersion.Version < new Version(5, 11);
        Assert.SkipWhen(isOld, "The kernel is older than epoll_pwait2.");
        Assert.Equal(timers, OpenDescriptors.Count(Timer));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_timer_whose_number_is_another_files_by_now_is_replaced_and_the_other_file_left_alone(bool isRebuilt)
    {
        using var stranger = new EventFd(7);
        EpollPoller? created = null;
        OpenDescriptor[] own = OpenDescriptors.OpenedBy(() => created = new EpollPoller(useTimerFd: true));
        int number = own.Single(descriptor => string.Equals(descriptor.Kind, Timer, StringComparison.Ordinal)).Number;
        using (EpollPoller poller = created!)
        {
            var buffer = new ReadyBuffer(8);
            LibC.DuplicateTo(stranger.Number, number);
            if (isRebuilt)
            {
                Assert.Equal(Errno.Success, poller.BeginRebuild());
                poller.EndRebuild();
            }

            for (int i = 0; i < 2; i++)
            {
                long deadline = MonotonicClock.NowNanoseconds + 1_300_000;
                Assert.Equal(Errno.Success, poller.Wait(Deadline.At(deadline), buffer));
                Assert.Equal(0, buffer.Count);
                Assert.True(MonotonicClock.NowNanoseconds >= deadline, "The wait ended before its deadline.");
            }
        }

        Assert.True(stranger.TryTake(out ulong value));
        Assert.Equal(7u, value);

        // It throws if the number is not open.
        LibC.Close(number);
    }

    private static Outcome WaitWithout(int refusal)
    {
        using var poller = new EpollPoller();
        using var neverReady = new EventFd();
        Assert.Equal(Errno.Success, poller.Add((int)neverReady.DangerousGetHandle(), 77, EventSet.In));
        int timers = OpenDescriptors.Count(Timer);
        if (!SystemCallFilter.TryRefuse(EpollPwait2, refusal))
        {
            return new Outcome(CouldRefuse: false, [], [], [], 0);
        }

        var buffer = new ReadyBuffer(8);
        var errnos = new int[2];
        var ready = new int[2];
        var lateness = new long[2];
        for (int i = 0; i < 2; i++)
        {
            long deadline = MonotonicClock.NowNanoseconds + 1_300_000;
            errnos[i] = poller.Wait(Deadline.At(deadline), buffer);
            ready[i] = buffer.Count;
            lateness[i] = MonotonicClock.NowNanoseconds - deadline;
        }

        return new Outcome(CouldRefuse: true, errnos, ready, lateness, OpenDescriptors.Count(Timer) - timers);
    }

    private sealed record Outcome(bool CouldRefuse, int[] Errnos, int[] Ready, long[] Lateness, int Timers);
}
