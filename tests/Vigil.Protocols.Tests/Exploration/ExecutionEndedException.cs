namespace Exploration;

/// <summary>Unwinds a simulated thread whose execution is not continued.</summary>
internal sealed class ExecutionEndedException : Exception;

/// <summary>The explored program does not have its property. The message shows the execution.</summary>
internal sealed class PropertyViolatedException(string message, Exception? inner) : Exception(message, inner);
