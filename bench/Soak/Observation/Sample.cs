namespace Soak.Observation;

/// <summary>Both processes at a moment.</summary>
/// <param name="Time">Since the beginning.</param>
/// <param name="Gateway">The gateway's process.</param>
/// <param name="Soak">This process.</param>
internal readonly record struct Sample(TimeSpan Time, Figures Gateway, Figures Soak);

/// <summary>The figures that are plotted.</summary>
/// <param name="ResidentBytes">Resident memory.</param>
/// <param name="Descriptors">Open descriptors.</param>
/// <param name="Threads">Threads.</param>
internal readonly record struct Figures(long ResidentBytes, int Descriptors, int Threads)
{
    public static Figures Of(ProcessReading reading) => new(reading.ResidentBytes, reading.DescriptorCount, reading.ThreadCount);
}
