using Vigil.Internals.Tests.Support;
using Vigil.Interop;

namespace Vigil.Internals.Tests.Files;

public sealed class MountTableTests
{
    [Fact]
    public void A_list_that_cannot_be_read_again_leaves_what_was_known()
    {
        bool couldRefuse = new BackgroundThread<bool>(() =>
        {
            using var table = new MountTable(RealFiles.Instance);
            Assert.True(table.HasBelow("/"));
            if (!SystemCallFilter.TryRefuse(SystemCallFilter.PositionedRead, Errno.ENOMEM))
            {
                return false;
            }

            Assert.Equal(Errno.ENOMEM, table.Update(out IReadOnlyDictionary<string, bool> changes));
            Assert.Empty(changes);
            Assert.True(table.HasBelow("/"));
            return true;
        }).Result();
        Assert.SkipUnless(couldRefuse, "This system does not allow filters of system calls.");
    }

    [Fact]
    public void A_list_that_cannot_be_read_at_first_is_refused_and_closed()
    {
        OpenDescriptor[] left = OpenDescriptors.OpenedBy(
            () =>
            {
                bool couldRefuse = new BackgroundThread<bool>(() =>
                {
                    if (!SystemCallFilter.TryRefuse(SystemCallFilter.PositionedRead, Errno.ENOMEM))
                    {
                        return false;
                    }

                    Assert.Equal(Errno.ENOMEM, Assert.Throws<EventManagerException>(() => new MountTable(RealFiles.Instance)).Errno);
                    return true;
                }).Result();
                Assert.SkipUnless(couldRefuse, "This system does not allow filters of system calls.");
            },
            below: "/proc/");
        Assert.Empty(left);
    }
}
