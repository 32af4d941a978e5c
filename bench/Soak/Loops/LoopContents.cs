namespace Soak.Loops;

/// <summary>How much is registered with a manager.</summary>
/// <param name="Timers">Timers that are not cancelled.</param>
/// <param name="Sources">Descriptors.</param>
/// <param name="Subscribers">Subscribers.</param>
internal readonly record struct LoopContents(int Timers, int Sources, int Subscribers)
{
    public static LoopContents operator +(LoopContents one, LoopContents other) =>
        new(one.Timers + other.Timers, one.Sources + other.Sources, one.Subscribers + other.Subscribers);

    public override string ToString() => $"{Timers} timers, {Sources} descriptors, {Subscribers} subscribers";
}
