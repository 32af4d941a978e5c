using System.Diagnostics.CodeAnalysis;

namespace Vigil.Testing;

/// <summary>Where one thread waits until it is its turn to run. Only one other thread at a time may give it the turn.</summary>
[SuppressMessage(
    "Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Nobody asks the semaphore for its handle.")]
internal sealed class Turn
{
    private readonly SemaphoreSlim _given = new(0);

    /// <summary>Waits for it. An interrupt that arrives meanwhile is meant for foreign code, and is pending afterwards.</summary>
    public void Await()
    {
        bool wasInterrupted = false;
        while (true)
        {
            try
            {
                _given.Wait();
                break;
            }
            catch (ThreadInterruptedException)
            {
                wasInterrupted = true;
            }
        }

        if (wasInterrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    /// <summary>Gives it. A full fence: whose turn it is sees what the giver has written.</summary>
    public void Give() => _given.Release();
}
