namespace MetricsGateway.Metrics;

/// <summary>Arithmetic that stops at the largest finite number: an infinity would turn into NaN and could not be written as JSON.</summary>
internal static class Saturated
{
    public static double Add(double sum, double value) => Limit(sum + value);

    /// <summary>The largest finite number in the place of an infinity.</summary>
    public static double Limit(double value) => Math.Clamp(value, double.MinValue, double.MaxValue);
}
