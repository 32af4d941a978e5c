using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using MetricsGateway.Configuration;
using Vigil;

namespace MetricsGateway.Flushing;

/// <summary>
/// Writes reports to a file, on one worker, because a disk may be slow or hang. One report is written at a time; the next one is
/// refused meanwhile, and its sender counts it as lost.
/// </summary>
/// <param name="manager">Owns the workers.</param>
/// <param name="thread">The worker's number. It is always the same one, so that a disk that hangs holds up no other.</param>
/// <param name="errors">Receives one line when the file cannot be written, and one when it can be written again.</param>
internal sealed class FlushFile(EventManager manager, int thread, TextWriter errors)
{
    private RotatingFile? _file;
    private TaskCompletionSource? _written;
    private long _reports;
    private long _bytes;
    private long _rotations;
    private long _failures;
    private long _lost;
    private long _lostBefore;
    private bool _isFailing;

    /// <summary>Whether there is a file to write.</summary>
    [MemberNotNullWhen(true, nameof(_file))]
    public bool IsOn => _file is not null;

    /// <summary>Whether the next report would be accepted.</summary>
    public bool IsReady => _written is null;

    public FlushFileStatus Status => new()
    {
        Reports = _reports,
        Bytes = _bytes,
        Rotations = _rotations,
        Failures = _failures,
        Lost = _lost,
    };

    /// <summary>The file that the options ask for; null for none.</summary>
    public static RotatingFile? Of(GatewayOptions options) =>
        options.FlushFile is { } path ? new RotatingFile(Path.GetFullPath(path), options.FlushFileSize, options.FlushFileCount) : null;

    /// <summary>Applies other options. A report that is being written still goes to its old file.</summary>
    public void Apply(GatewayOptions options)
    {
        RotatingFile? file = Of(options);
        if (!IsNow(file))
        {
            _isFailing = false;
        }

        _file = file;
    }

    /// <summary>
    /// Hands over a report, which must not change until <see cref="IsReady"/> is true again. If no worker takes it, that is a failure like
    /// one of the disk: it is reported and counted, and the next report is tried.
    /// </summary>
    public void Write(ReadOnlyMemory<byte> report)
    {
        if (_file is not { } file)
        {
            return;
        }

        _written = new TaskCompletionSource();
        try
        {
            manager.ExecuteWork(WorkTarget.Thread(thread), () => Append(file, report), OnWritten);
        }
        catch (Exception exception)
        {
            // The next flush must find the file ready, and the other targets of this flush must still get it.
            OnWritten(manager, new FileOutcome(file, Bytes: 0, HasRotated: false, exception.Message));
        }
    }

    /// <summary>A report arrived while another one was being written.</summary>
    public void CountLost() => _lost++;

    /// <summary>Completes when the report that was handed over is written, or has failed.</summary>
    public Task WhenWritten() => _written?.Task ?? Task.CompletedTask;

    private static FileOutcome Append(RotatingFile file, ReadOnlyMemory<byte> report)
    {
        // The report's memory is native and is freed with its owner, which is not referenced below.
        using MemoryHandle held = report.Pin();
        try
        {
            return new FileOutcome(file, report.Length, file.Append(report.Span), Error: null);
        }
        catch (Exception exception)
        {
            // Any exception must reach the loop, which would otherwise wait for the report for ever.
            return new FileOutcome(file, Bytes: 0, HasRotated: false, exception.Message);
        }
    }

    private bool IsNow(RotatingFile? file) => string.Equals(file?.Path, _file?.Path, StringComparison.Ordinal);

    private void OnWritten(EventManager loop, FileOutcome outcome)
    {
        TaskCompletionSource? written = _written;
        _written = null;
        if (outcome.Error is null)
        {
            _reports++;
            _bytes += outcome.Bytes;
            _rotations += outcome.HasRotated ? 1 : 0;
            if (_isFailing && IsNow(outcome.File))
            {
                _isFailing = false;
                errors.Write(ConsoleText.FileWorksAgain(outcome.File.Path, _lost - _lostBefore));
            }
        }
        else
        {
            if (!IsNow(outcome.File))
            {
                // The options have changed since the report was sent there, so the failure says nothing about the next file.
                errors.Write(ConsoleText.FileFailedAtLast(outcome.File.Path, outcome.Error));
            }
            else if (!_isFailing)
            {
                _isFailing = true;
                _lostBefore = _lost;
                errors.Write(ConsoleText.FileFails(outcome.File.Path, outcome.Error));
            }

            _failures++;
            _lost++;
        }

        written?.SetResult();
    }

    private sealed record FileOutcome(RotatingFile File, long Bytes, bool HasRotated, string? Error);
}

/// <summary>Counts of the reports for the file.</summary>
internal sealed record FlushFileStatus
{
    public required long Reports { get; init; }

    public required long Bytes { get; init; }

    /// <summary>How often a new file was begun because the old one had reached its size.</summary>
    public required long Rotations { get; init; }

    public required long Failures { get; init; }

    /// <summary>Reports that are missing in the file: because writing failed, or because the previous one was still being
    /// written.</summary>
    public required long Lost { get; init; }
}
