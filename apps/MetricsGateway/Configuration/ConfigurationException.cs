namespace MetricsGateway.Configuration;

/// <summary>An option that cannot be used. The message is for the person who wrote it and says what is allowed.</summary>
internal sealed class ConfigurationException : Exception
{
    public ConfigurationException(string message)
        : base(message)
    {
    }

    public ConfigurationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
