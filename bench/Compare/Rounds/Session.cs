namespace Compare.Rounds;

/// <summary>A peer that takes its turns in the rounds of a case.</summary>
internal abstract class Session : IDisposable
{
    /// <summary>Takes a turn.</summary>
    /// <returns>The case's figures; NaN for one without a counterpart.</returns>
    /// <exception cref="InvalidOperationException">The peer failed.</exception>
    public abstract double[] Measure();

    public abstract void Dispose();
}
