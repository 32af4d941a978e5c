using Vigil.Internals.Tests.Polling;
using Vigil.IO;
using Vigil.Polling;
using Vigil.Sources;

namespace Vigil.Internals.Tests.Sources;

public class InterestsTests
{
    private static readonly EventSet[] Flags = Enum.GetValues<EventSet>();

    [Fact]
    public void What_is_valid_is_what_the_kernel_takes_for_every_combination_of_flags()
    {
        using var poller = new EpollPoller();
        using var file = new EventFd();
        for (int combination = 0; combination < 1 << Flags.Length; combination++)
        {
            EventSet interest = Combine(combination);

            int errno = poller.Add(file.DangerousGetHandle().ToInt32(), 1, interest);

            Assert.True(Interests.IsValid(interest) == (errno == 0), $"{interest}: the kernel answers {errno}.");
            poller.Remove(file.DangerousGetHandle().ToInt32());
        }
    }

    [Fact]
    public void Bits_that_have_no_name_are_not_valid()
    {
        EventSet named = Flags.Aggregate((all, flag) => all | flag);
        for (int bit = 0; bit < 32; bit++)
        {
            var single = (EventSet)(1U << bit);
            Assert.Equal((named & single) != EventSet.None, Interests.IsValid(single));
            Assert.Equal((named & single) != EventSet.None, Interests.IsValid(EventSet.In | single));
        }
    }

    [Theory]
    [InlineData(EventSet.In, true)]
    [InlineData(EventSet.In | EventSet.Exclusive | EventSet.WakeUp, true)]
    [InlineData(EventSet.None, true)]
    [InlineData(EventSet.In | EventSet.OneShot, false)]
    [InlineData(EventSet.In | EventSet.EdgeTriggered, false)]
    public void Plain_level_triggered_is_what_the_kernel_repeats(EventSet interest, bool repeats)
    {
        using var poller = new EpollPoller();
        using var file = new EventFd(initialValue: 1);
        poller.Add((int)file.DangerousGetHandle(), 1, interest | EventSet.In);
        var ready = new ReadyBuffer(1);
        poller.Wait(Deadline.Immediate, ready);
        poller.Wait(Deadline.Immediate, ready);

        Assert.Equal(repeats, Interests.IsPlainLevelTriggered(interest));
        Assert.Equal(repeats, ready.Count == 1);
    }

    private static EventSet Combine(int combination)
    {
        EventSet interest = EventSet.None;
        for (int i = 0; i < Flags.Length; i++)
        {
            interest |= (combination & (1 << i)) != 0 ? Flags[i] : EventSet.None;
        }

        return interest;
    }
}
