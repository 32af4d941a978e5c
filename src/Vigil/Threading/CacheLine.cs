using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Vigil.Threading;

/// <summary>What the processor's caches hold.</summary>
internal static unsafe class CacheLine
{
    private const int Size = 64;

    /// <summary>
    /// Has an object fetched, to the second line, that is going to be used soon but not at once: whoever waits for one object after the other waits for memory each time. Only a hint, and on
    /// x64 only: the runtime has no such instruction for other architectures.
    /// </summary>
    public static void Fetch(object? target)
    {
        if (Sse.IsSupported)
        {
            // Not pinned: where the object moves in between, the wrong lines are fetched, and no harm is done. An address is never read by this, so none can fault.
            byte* address = *(byte**)Unsafe.AsPointer(ref target);
            Sse.Prefetch0(address);
            Sse.Prefetch0(address + Size);
        }
    }
}
