using Vigil.Interop;

namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>Contract 1: what adding, modifying and removing return, and that a failure changes nothing.</summary>
public abstract class RegistrationContract<TRig> : PollerContract<TRig>
    where TRig : PollerRig, new()
{
    [Fact]
    public void A_registered_number_cannot_be_added_again_and_keeps_its_token_and_interest()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        file.BecomeReadable();

        Assert.Equal(Errno.EEXIST, Rig.Poller.Add(file.Number, 77, EventSet.Out));

        Assert.Equal([new Readiness(PollerRig.TokenOf(file), EventSet.In)], Rig.Poll());
    }

    [Fact]
    public void What_is_not_registered_can_neither_be_modified_nor_removed()
    {
        PollableFile file = Rig.OpenFile();
        file.BecomeReadable();

        Assert.Equal(Errno.ENOENT, Rig.Poller.Modify(file.Number, 77, EventSet.In));
        Assert.Equal(Errno.ENOENT, Rig.Poller.Remove(file.Number));

        Assert.Empty(Rig.Poll());
    }

    [Fact]
    public void A_number_that_is_not_open_is_EBADF()
    {
        PollableFile file = Rig.OpenFile();
        file.Close();

        Assert.Equal(Errno.EBADF, Rig.Poller.Add(file.Number, 77, EventSet.In));
        Assert.Equal(Errno.EBADF, Rig.Poller.Modify(file.Number, 77, EventSet.In));
        Assert.Equal(Errno.EBADF, Rig.Poller.Remove(file.Number));
    }

    [Fact]
    public void A_regular_file_is_EPERM()
    {
        Assert.Equal(Errno.EPERM, Rig.Poller.Add(Rig.RegularFile, 77, EventSet.In));
        Assert.Equal(Errno.EPERM, Rig.Poller.Modify(Rig.RegularFile, 77, EventSet.In));
        Assert.Equal(Errno.EPERM, Rig.Poller.Remove(Rig.RegularFile));
    }

    [Fact]
    public void An_exclusive_registration_can_be_removed_but_not_modified()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In | EventSet.Exclusive);
        file.BecomeReadable();

        Assert.Equal(Errno.EINVAL, Rig.Poller.Modify(file.Number, 77, EventSet.Out));
        Assert.Equal([new Readiness(PollerRig.TokenOf(file), EventSet.In)], Rig.Poll());

        Assert.Equal(Errno.Success, Rig.Poller.Remove(file.Number));
        Assert.Empty(Rig.Poll());
    }

    [Fact]
    public void A_registration_cannot_be_made_exclusive()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        file.BecomeReadable();

        Assert.Equal(Errno.EINVAL, Rig.Poller.Modify(file.Number, 77, EventSet.Out | EventSet.Exclusive));

        Assert.Equal([new Readiness(PollerRig.TokenOf(file), EventSet.In)], Rig.Poll());
    }

    [Theory]
    [InlineData(EventSet.OneShot)]
    [InlineData(EventSet.Priority)]
    [InlineData(EventSet.ReadHangUp)]
    public void Exclusive_goes_with_few_other_flags(EventSet companion)
    {
        PollableFile file = Rig.OpenFile();
        file.BecomeReadable();

        Assert.Equal(Errno.EINVAL, Rig.Poller.Add(file.Number, 77, EventSet.In | EventSet.Exclusive | companion));

        Assert.Empty(Rig.Poll());
        Assert.Equal(Errno.Success, Rig.Poller.Add(file.Number, 78, EventSet.In | EventSet.Exclusive | EventSet.EdgeTriggered));
    }

    [Fact]
    public void A_modification_replaces_token_and_interest()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        file.BecomeReadable();

        Assert.Equal(Errno.Success, Rig.Poller.Modify(file.Number, 77, EventSet.Out));

        Assert.Equal([new Readiness(77, EventSet.Out)], Rig.Poll());
    }

    [Fact]
    public void A_removed_number_is_not_reported_and_can_be_added_again()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        file.BecomeReadable();

        Assert.Equal(Errno.Success, Rig.Poller.Remove(file.Number));
        Assert.Empty(Rig.Poll());

        Rig.Watch(file, EventSet.In);
        Assert.Equal([new Readiness(PollerRig.TokenOf(file), EventSet.In)], Rig.Poll());
    }

    [Fact]
    public void All_64_bits_of_a_token_come_back()
    {
        const ulong Token = 0xFEDC_BA98_7654_3210;
        PollableFile file = Rig.OpenFile();
        Assert.Equal(Errno.Success, Rig.Poller.Add(file.Number, Token, EventSet.Out));

        Assert.Equal([new Readiness(Token, EventSet.Out)], Rig.Poll());
    }

    [Fact]
    public void A_file_closed_by_its_last_number_disappears_in_silence_and_its_number_can_be_added_for_another()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        file.HangUp();
        file.Close();
        Assert.Empty(Rig.Poll());

        PollableFile other = Rig.OpenFileInPlaceOf(file);

        Assert.Equal(Errno.Success, Rig.Poller.Add(other.Number, 77, EventSet.Out));
        Assert.Equal([new Readiness(77, EventSet.Out)], Rig.Poll());
    }

    [Fact]
    public void A_closed_number_that_a_duplicate_keeps_alive_goes_on_being_reported_and_cannot_be_removed()
    {
        PollableFile file = Rig.OpenFile();
        Rig.Watch(file, EventSet.In);
        file.BecomeReadable();
        file.Duplicate();
        file.Close();

        Assert.Equal(Errno.EBADF, Rig.Poller.Remove(file.Number));

        Assert.Equal([new Readiness(PollerRig.TokenOf(file), EventSet.In)], Rig.Poll());
    }
}
