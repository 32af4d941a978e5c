using Vigil.Interop;

namespace Vigil.Threading;

/// <summary>
/// Lets a thread sleep until another one wakes it, with one word and one system call each; the runtime's
/// monitors take several. A thread has one parker, whatever it waits for.
/// </summary>
/// <remarks>
/// The sleeper calls <see cref="Prepare"/>, checks its condition, and only then calls <see cref="Park"/>.
/// The waker makes the condition true and then calls <see cref="Unpark"/>. Prepare and Unpark are full fences, so either the sleeper sees
/// the condition or Park returns at once. A wake-up meant for an earlier wait is harmless: the sleeper checks again.
/// </remarks>
internal sealed unsafe class Parker
{
    private const int Unparked = 1;
    private const int Ready = 0;

    [ThreadStatic]
    private static Parker? _ofThisThread;

    // On the pinned heap, and alive as long as this object: the kernel uses its address.
    private readonly int[] _memory = GC.AllocateArray<int>(1, pinned: true);

    private Parker()
    {
    }

    public static Parker OfThisThread => _ofThisThread ??= new Parker();

    private int* Word => (int*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0);

    public void Prepare() => Interlocked.Exchange(ref _memory[0], Ready);

    /// <summary>Sleeps until unparked, at most for a time in nanoseconds (negative: no limit). May also return without a reason.</summary>
    public void Park(long nanoseconds)
    {
        FutexNative.Wait(Word, Ready, nanoseconds);
        GC.KeepAlive(this);
    }

    /// <summary>Ends the sleep, or the next one before it begins. Any thread.</summary>
    public void Unpark()
    {
        Interlocked.Exchange(ref _memory[0], Unparked);
        FutexNative.Wake(Word);
        GC.KeepAlive(this);
    }
}
