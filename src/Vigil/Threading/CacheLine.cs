using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Vigil.Threading;

/// <summary>Prefetching into the processor's caches.</summary>
internal static unsafe class CacheLine
{
    private const int Size = 64;

    /// <summary>
    /// Prefetches an object, up to its second cache line, that is used soon but not at once: accessing one object after the other waits for
    /// memory each time. Only a hint, and on x64 only: the runtime has no such instruction for other architectures.
    /// </summary>
    public static void Fetch(object? target)
    {
        if (Sse.IsSupported)
        {
            // Not pinned: if the object moves in between, the wrong lines are fetched, which is harmless. A prefetch reads no address, so
            // it cannot fault.
            byte* address = *(byte**)Unsafe.AsPointer(ref target);
            Sse.Prefetch0(address);
            Sse.Prefetch0(address + Size);
        }
    }
}
