namespace Vigil.Benchmarks.Ratio;

/// <summary>The amounts and times of a run.</summary>
/// <param name="WarmUp">How long Vigil's side is performed before the first round, so that its hot code is fully compiled.</param>
/// <param name="Divisor">Divides the number of operations of a round.</param>
/// <param name="MaxRounds">The largest number of rounds.</param>
internal sealed record RatioPace(TimeSpan WarmUp, int Divisor, int MaxRounds)
{
    public static RatioPace Full { get; } = new(TimeSpan.FromSeconds(1.5), Divisor: 1, MaxRounds: int.MaxValue);

    public static RatioPace Quick { get; } = new(TimeSpan.FromSeconds(0.1), Divisor: 20, MaxRounds: 3);

    /// <summary>The number of operations at a time while warming up.</summary>
    public int WarmUpOperations(RatioCase ratioCase) => Operations(ratioCase) / 10;

    public int Operations(RatioCase ratioCase) => ratioCase.Operations / Divisor;

    public int Rounds(RatioCase ratioCase) => Math.Min(ratioCase.Rounds, MaxRounds);
}
