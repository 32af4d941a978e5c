namespace Vigil.Benchmarks.Ratio;

/// <summary>How much is done of everything.</summary>
/// <param name="WarmUp">How long Vigil's side is performed before the first round, so that its hot code is compiled for good.</param>
/// <param name="Divisor">By how much the operations of a round are cut.</param>
/// <param name="MaxRounds">How many rounds at most.</param>
internal sealed record RatioPace(TimeSpan WarmUp, int Divisor, int MaxRounds)
{
    public static RatioPace Full { get; } = new(TimeSpan.FromSeconds(1.5), Divisor: 1, MaxRounds: int.MaxValue);

    public static RatioPace Quick { get; } = new(TimeSpan.FromSeconds(0.1), Divisor: 20, MaxRounds: 3);

    /// <summary>What is performed at a time while warming up.</summary>
    public int WarmUpOperations(RatioCase ratioCase) => Operations(ratioCase) / 10;

    public int Operations(RatioCase ratioCase) => ratioCase.Operations / Divisor;

    public int Rounds(RatioCase ratioCase) => Math.Min(ratioCase.Rounds, MaxRounds);
}
