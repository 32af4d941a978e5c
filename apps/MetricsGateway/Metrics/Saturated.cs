namespace MetricsGateway.Metrics;

/// <summary>Arithmetic that saturates at the largest finite number: an infinity would turn into NaN and cannot be written as
/// JSON.</summary>
internal static class Saturated
{
    public static double Add(double sum, double value) => Limit(sum + value);

    /// <summary>Replaces an infinity by the largest finite number of its sign.</summary>
    public static double Limit(double value) => Math.Clamp(value, double.MinValue, double.MaxValue);
}
