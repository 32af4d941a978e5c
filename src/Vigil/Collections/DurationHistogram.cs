using System.Numerics;

namespace Vigil.Collections;

/// <summary>
/// A histogram of durations. Eight buckets for each doubling make quantiles exact to an eighth, from nanoseconds to centuries, in four
/// kilobytes. One thread records; others may read meanwhile, and see each bucket's current count.
/// </summary>
internal sealed class DurationHistogram
{
    private const int SubBits = 3;
    private const int SubBuckets = 1 << SubBits;

    private readonly long[] _counts = new long[(63 - SubBits + 1) << SubBits];
    private long _max;
    private long _total;

    public long Max => Volatile.Read(ref _max);

    /// <summary>The sum of all durations, in nanoseconds; saturates at <see cref="long.MaxValue"/> after three centuries.</summary>
    public long Total => Volatile.Read(ref _total);

    /// <summary>
    /// The mean in nanoseconds; 0 without durations. If the sum is saturated, it is computed from the buckets, exact to an eighth.
    /// </summary>
    public long Mean
    {
        get
        {
            long count = 0;
            double sum = 0;
            for (int i = 0; i < _counts.Length; i++)
            {
                long seen = Volatile.Read(ref _counts[i]);
                count += seen;
                sum += (double)seen * EndOf(i);
            }

            long total = Total;
            return count == 0 ? 0
                : total < long.MaxValue ? total / count
                : (long)Math.Min(sum / count, Max);
        }
    }

    public long Count
    {
        get
        {
            long count = 0;
            for (int i = 0; i < _counts.Length; i++)
            {
                count += Volatile.Read(ref _counts[i]);
            }

            return count;
        }
    }

    /// <param name="nanoseconds">The duration; a negative one, which another processor's clock can cause, counts as zero.</param>
    public void Record(long nanoseconds)
    {
        nanoseconds = Math.Max(nanoseconds, 0);
        ref long count = ref _counts[IndexOf(nanoseconds)];
        Volatile.Write(ref count, count + 1);
        Volatile.Write(ref _total, Sum(_total, nanoseconds));
        if (nanoseconds > _max)
        {
            Volatile.Write(ref _max, nanoseconds);
        }
    }

    /// <summary>Adds another histogram.</summary>
    public void Add(DurationHistogram other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += Volatile.Read(ref other._counts[i]);
        }

        _total = Sum(_total, other.Total);
        _max = Math.Max(_max, other.Max);
    }

    /// <summary>A quantile in nanoseconds; rounded up to the end of its bucket, and at most the greatest duration.</summary>
    public long Quantile(double fraction)
    {
        long rank = (long)Math.Ceiling(fraction * Count);
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += Volatile.Read(ref _counts[i]);
            if (seen >= rank && seen > 0)
            {
                return Math.Min(EndOf(i), Max);
            }
        }

        return 0;
    }

    // Of two numbers that are zero or more.
    private static long Sum(long one, long other) => one > long.MaxValue - other ? long.MaxValue : one + other;

    // The first eight buckets hold one value each. Above, the three bits after the highest one select one of the eight of its doubling.
    private static int IndexOf(long value)
    {
        if (value < SubBuckets)
        {
            return (int)value;
        }

        int exponent = BitOperations.Log2((ulong)value) - SubBits;
        return ((exponent + 1) << SubBits) + (int)((value >> exponent) & (SubBuckets - 1));
    }

    private static long EndOf(int index)
    {
        if (index < SubBuckets)
        {
            return index;
        }

        int exponent = (index >> SubBits) - 1;
        long start = (long)(SubBuckets + (index & (SubBuckets - 1))) << exponent;
        return start + ((1L << exponent) - 1);
    }
}
