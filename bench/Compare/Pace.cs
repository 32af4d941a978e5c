namespace Compare;

/// <summary>The amounts and times of a run.</summary>
/// <param name="IsQuick">Whether the figures may be meaningless.</param>
/// <param name="WarmUp">How long a .NET peer works before it is measured, so that its hot code is fully compiled.</param>
/// <param name="Turn">The approximate length of a peer's turn in a round.</param>
/// <param name="LoadTurn">The same for servers, which are under load for that long.</param>
/// <param name="Idle">How long idle processes are observed.</param>
/// <param name="MostRounds">The largest number of rounds.</param>
internal sealed record Pace(bool IsQuick, TimeSpan WarmUp, TimeSpan Turn, TimeSpan LoadTurn, TimeSpan Idle, int MostRounds)
{
    public static Pace Full { get; } = new(
        IsQuick: false,
        WarmUp: TimeSpan.FromSeconds(1.5),
        Turn: TimeSpan.FromSeconds(0.4),
        LoadTurn: TimeSpan.FromSeconds(1),
        Idle: TimeSpan.FromSeconds(10),
        MostRounds: int.MaxValue);

    public static Pace Quick { get; } = new(
        IsQuick: true,
        WarmUp: TimeSpan.Zero,
        Turn: TimeSpan.FromMilliseconds(10),
        LoadTurn: TimeSpan.FromMilliseconds(50),
        Idle: TimeSpan.FromMilliseconds(300),
        MostRounds: 2);

    /// <summary>The full value, or one that is enough for a smoke run.</summary>
    public T Choose<T>(T full, T quick) => IsQuick ? quick : full;
}
