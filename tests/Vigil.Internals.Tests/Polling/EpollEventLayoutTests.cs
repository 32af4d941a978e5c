using System.Runtime.InteropServices;
using Vigil.Interop;
using Cpu = System.Runtime.InteropServices.Architecture;

namespace Vigil.Internals.Tests.Polling;

/// <summary>The kernel's <c>struct epoll_event</c>, which differs between architectures.</summary>
public unsafe class EpollEventLayoutTests
{
    private const uint Events = 0x8000_0001;
    private const ulong Data = 0x1122_3344_5566_7788;

    [Theory]
    [InlineData(Cpu.X64, 12, 4)]
    [InlineData(Cpu.Arm64, 16, 8)]
    public void Size_and_place_of_the_data_are_the_kernels(Cpu architecture, int size, int dataOffset)
    {
        EpollEventLayout layout = EpollEventLayout.Of(ProcessorAbi.Of(architecture)!);

        Assert.Equal(size, layout.Size);
        Assert.Equal(dataOffset, layout.DataOffset);
        Assert.InRange(layout.Size, 1, EpollEventLayout.MaxSize);
    }

    [Theory]
    [InlineData(Cpu.X64)]
    [InlineData(Cpu.Arm64)]
    public void Neighbours_do_not_touch_each_other(Cpu architecture)
    {
        EpollEventLayout layout = EpollEventLayout.Of(ProcessorAbi.Of(architecture)!);
        byte* entries = stackalloc byte[3 * layout.Size];
        for (int i = 0; i < 3; i++)
        {
            layout.Write(entries + (i * layout.Size), Events + (uint)i, Data + (ulong)i);
        }

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Events + (uint)i, EpollEventLayout.ReadEvents(entries + (i * layout.Size)));
            Assert.Equal(Data + (ulong)i, layout.ReadData(entries + (i * layout.Size)));
        }
    }

    [Fact]
    public void This_process_uses_the_layout_of_its_architecture()
    {
        Assert.Equal(ProcessorAbi.Of(RuntimeInformation.ProcessArchitecture)!.EpollEventSize, EpollEventLayout.Current.Size);
    }
}
