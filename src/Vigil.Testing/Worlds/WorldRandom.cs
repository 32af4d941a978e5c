namespace Vigil.Testing;

/// <summary>
/// Random numbers from a seed, the same in every version and on every machine (SplitMix64). What a program under test draws from here
/// repeats with the seed.
/// </summary>
public sealed class WorldRandom
{
    private ulong _state;

    internal WorldRandom(ulong seed) => _state = seed;

    /// <summary>A number from 0 to below a bound.</summary>
    /// <param name="bound">The bound, 1 or more.</param>
    /// <returns>The number.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bound is below 1.</exception>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);

        // Multiplication instead of a remainder: no bound is favoured by more than 2⁻³².
        return (int)((NextWord() >> 32) * (ulong)bound >> 32);
    }

    /// <summary>A number in a range.</summary>
    /// <param name="first">The least.</param>
    /// <param name="last">The greatest.</param>
    /// <returns>The number.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The last is below the first.</exception>
    public int Next(int first, int last)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(last, first);
        return (int)(first + (long)(((UInt128)NextWord() * (ulong)((long)last - first + 1)) >> 64));
    }

    /// <summary>A time span in a range.</summary>
    /// <param name="shortest">The shortest; zero or more.</param>
    /// <param name="longest">The longest.</param>
    /// <returns>The span.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The longest is shorter than the shortest, or that is negative.</exception>
    public TimeSpan Next(TimeSpan shortest, TimeSpan longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shortest, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, shortest);
        return shortest + TimeSpan.FromTicks((long)(((UInt128)NextWord() * (ulong)(longest.Ticks - shortest.Ticks + 1)) >> 64));
    }

    /// <summary>Whether something happens that happens once in so many times.</summary>
    /// <param name="times">How rare it is; 1 for always.</param>
    /// <returns>True if it happens.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is below 1.</exception>
    public bool OneIn(int times) => Next(times) == 0;

    /// <summary>Fills a buffer with random bytes.</summary>
    /// <param name="buffer">The buffer.</param>
    public void NextBytes(Span<byte> buffer)
    {
        for (int i = 0; i < buffer.Length; i++)
        {
            buffer[i] = (byte)(NextWord() >> 56);
        }
    }

    internal ulong NextWord()
    {
        ulong word = _state += 0x9E3779B97F4A7C15;
        word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
        word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
        return word ^ (word >> 31);
    }
}
