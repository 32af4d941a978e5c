using Microsoft.Extensions.Logging;

namespace Vigil.Hosting;

/// <summary>
/// A log whose providers may throw. Their exception would end the thread of a loop, and with it the process, or the stop of the host before
/// the loops have ended. It is written to standard error instead, with what was to be logged.
/// </summary>
internal sealed class GuardedLogger(ILogger logger) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return logger.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            // Log says what is wrong, with the entry.
            return true;
        }
    }

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception failure)
        {
            Console.Error.WriteLine($"{logLevel} {eventId.Id} could not be logged: {formatter(state, exception)}. {failure}");
        }
    }
}
