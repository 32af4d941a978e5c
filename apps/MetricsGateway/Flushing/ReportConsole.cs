using System.Diagnostics.CodeAnalysis;
using MetricsGateway.Interop;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Flushing;

/// <summary>
/// Writes reports to a terminal, a pipe or a file, on a thread of its own: the reader may be slow, stop reading, or go away, and that must
/// not affect the loop.
/// </summary>
/// <remarks>
/// Standard output is shared with the process that started the gateway, so it is not made non-blocking, which would change it for that
/// process, too. A write takes as much as there is room for, and the thread sleeps until there is more.
/// One report is written at a time; the next one is refused meanwhile, and its sender counts it as lost.
/// </remarks>
internal sealed class ReportConsole : IDisposable
{
    // How often disposal is checked for while nothing reads.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(100);

    private readonly FileDescriptor _output;
    private readonly TextWriter _errors;
    private readonly Thread _thread;
    private readonly object _gate = new();
    private ReadOnlyMemory<byte>? _report;
    private TaskCompletionSource? _written;
    private volatile bool _isDisposed;
    private volatile bool _isGone;

    /// <param name="output">The file descriptor for reports.</param>
    /// <param name="errors">Receives one line when they can no longer be written.</param>
    public ReportConsole(FileDescriptor output, TextWriter errors)
    {
        _output = output;
        _errors = errors;
        _thread = new Thread(Run) { Name = "reports", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Whether the next report would be accepted.</summary>
    public bool IsReady
    {
        get
        {
            lock (_gate)
            {
                return _report is null && !_isGone && !_isDisposed;
            }
        }
    }

    /// <summary>Whether a report is being written.</summary>
    public bool IsWriting
    {
        get
        {
            lock (_gate)
            {
                return _report is not null;
            }
        }
    }

    /// <summary>Hands over a report, which must not change until <see cref="IsReady"/> is true again.</summary>
    public void Write(ReadOnlyMemory<byte> report)
    {
        lock (_gate)
        {
            _report = report;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Completes when the report that was handed over is written, or never will be because the reader is gone. Does not complete
    /// if this is disposed before.</summary>
    public Task WhenWritten()
    {
        lock (_gate)
        {
            if (_report is null)
            {
                return Task.CompletedTask;
            }

            // An awaiting method resumes in the loop's context, so not on this thread, which only writes.
            _written ??= new TaskCompletionSource();
            return _written.Task;
        }
    }

    /// <summary>Ends the thread. If it hangs in a write, it lives until the end of the process.</summary>
    public void Dispose()
    {
        bool isWriting;
        lock (_gate)
        {
            _isDisposed = true;
            isWriting = _report is not null;
            Monitor.PulseAll(_gate);
        }

        // A caller that awaited outside of a loop may be on that thread.
        if (!isWriting && _thread != Thread.CurrentThread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        while (TryTake(out ReadOnlyMemory<byte>? report))
        {
            Write(report.Value.Span);
            TaskCompletionSource? written;
            lock (_gate)
            {
                _report = null;
                written = _isDisposed ? null : _written;
                _written = null;
            }

            written?.SetResult();
        }
    }

    private bool TryTake([NotNullWhen(true)] out ReadOnlyMemory<byte>? report)
    {
        lock (_gate)
        {
            while (_report is null && !_isDisposed)
            {
                Monitor.Wait(_gate);
            }

            report = _isDisposed ? null : _report;
            return report is not null;
        }
    }

    private void Write(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && !_isDisposed)
        {
            IOResult written = NonBlocking.TryWrite(_output, text);
            if (written.IsFailure)
            {
                _isGone = true;
                if (!_isDisposed)
                {
                    _errors.Write(ConsoleText.ReportsEnd(written.Description));
                }

                return;
            }

            if (written.WouldBlock)
            {
                FileNative.WaitUntilWritable(_output.Number, LongestWait);
            }

            text = text[written.Count..];
        }
    }
}
