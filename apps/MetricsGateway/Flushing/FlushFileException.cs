namespace MetricsGateway.Flushing;

/// <summary>The file for flushes cannot be written. The message says which, and why not.</summary>
internal sealed class FlushFileException(string path, string reason, Exception? innerException = null)
    : Exception($"cannot write {path} (--flush-file): {reason}", innerException);
