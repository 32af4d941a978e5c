using System.Diagnostics.Metrics;

namespace Vigil.Diagnostics;

/// <summary>The process's meter of this library. Collectors find it by its name, "Vigil".</summary>
internal static class VigilMeter
{
    public static Meter Instance { get; } = new("Vigil", typeof(VigilMeter).Assembly.GetName().Version?.ToString());
}
