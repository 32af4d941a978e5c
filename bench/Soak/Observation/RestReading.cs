using Soak.Loops;

namespace Soak.Observation;

/// <summary>Everything at rest.</summary>
/// <param name="Time">Since the beginning.</param>
/// <param name="Gateway">The gateway's process.</param>
/// <param name="GatewayHeap">Its managed memory, garbage included.</param>
/// <param name="GatewayNames">The names of metrics that it keeps.</param>
/// <param name="Soak">This process.</param>
/// <param name="SoakManaged">Its managed memory, after a full collection.</param>
/// <param name="Loops">What is registered with its loops.</param>
internal sealed record RestReading(
    TimeSpan Time,
    ProcessReading Gateway,
    long GatewayHeap,
    long GatewayNames,
    ProcessReading Soak,
    long SoakManaged,
    LoopContents Loops);
