namespace Compare;

/// <summary>How much is done of everything.</summary>
/// <param name="IsQuick">Whether the figures may mean nothing.</param>
/// <param name="WarmUp">How long a .NET peer works before it counts, so that its hot code is compiled for good.</param>
/// <param name="Turn">How long a peer's turn in a round takes, about.</param>
/// <param name="LoadTurn">The same for servers, which are under load that long.</param>
/// <param name="Idle">How long idling is watched.</param>
/// <param name="MostRounds">How many rounds at most.</param>
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

    /// <summary>The full figure, or what is enough to see that it works.</summary>
    public T Choose<T>(T full, T quick) => IsQuick ? quick : full;
}
