using MetricsGateway.GraphiteSending;

namespace MetricsGateway.Flushing;

/// <summary>The targets of flushes. Each may be off, and the loop waits for none.</summary>
/// <param name="console">Writes to standard output, if the options say so.</param>
/// <param name="file">Writes to a file.</param>
/// <param name="graphite">Sends to a Graphite server.</param>
internal sealed class FlushTargets(ReportConsole console, FlushFile file, GraphiteSender graphite)
{
    private FlushReport? _ofConsole;
    private FlushReport? _ofFile;

    // The last reports, which come while others are being written.
    private FlushReport? _lastOfConsole;
    private FlushReport? _lastOfFile;

    /// <summary>Whether flushes are reported on the console.</summary>
    public bool UsesConsole { get; set; }

    /// <summary>Whether a report is being written to the console.</summary>
    public bool IsReporting => console.IsWriting;

    /// <summary>Reports that were not written to the console, because the previous one had not been read, or the console is gone.</summary>
    public long LostByConsole { get; private set; }

    /// <summary>Decides which targets take the next flush. The last flush waits for targets that are not ready yet.</summary>
    public FlushTelling Prepare(FlushTexts texts, bool isLast)
    {
        bool toConsole = UsesConsole && (isLast || console.IsReady);
        bool toFile = file.IsOn && (isLast || file.IsReady);
        FlushReport? report = toConsole
            || toFile ? texts.FreeReport(console.IsReady ? null : _ofConsole, file.IsReady ? null : _ofFile) : null;
        return new FlushTelling(toConsole ? report : null, toFile ? report : null, graphite.IsOn ? texts.Graphite : null)
        {
            IsLostByConsole = UsesConsole && !toConsole,
            IsLostByFile = file.IsOn && !toFile,
        };
    }

    /// <summary>Counts the targets that miss a flush because they were not ready for it.</summary>
    public void CountLost(FlushTelling telling)
    {
        if (telling.IsLostByConsole)
        {
            LostByConsole++;
        }

        if (telling.IsLostByFile)
        {
            file.CountLost();
        }
    }

    /// <summary>Counts the targets that miss a flush because it could not be computed.</summary>
    public void CountFailed(FlushTelling telling)
    {
        if (telling.ToConsole is not null)
        {
            LostByConsole++;
        }

        if (telling.ToFile is not null)
        {
            file.CountLost();
        }
    }

    /// <summary>Hands the worker's texts to the targets.</summary>
    public void Tell(FlushTelling telling)
    {
        if (telling.ToConsole is { } onConsole)
        {
            if (console.IsReady)
            {
                _ofConsole = onConsole;
                console.Write(onConsole.Text);
            }
            else
            {
                _lastOfConsole = onConsole;
            }
        }

        if (telling.ToFile is { } inFile)
        {
            if (file.IsReady)
            {
                _ofFile = inFile;
                file.Write(inFile.Text);
            }
            else
            {
                _lastOfFile = inFile;
            }
        }

        if (telling.ToGraphite is not null)
        {
            graphite.EndFlush();
        }
    }

    /// <summary>Writes what is left to all targets concurrently, so that one that hangs delays no other.</summary>
    /// <param name="lastText">The last text on the console.</param>
    /// <returns>Completes when everything has reached its target, or cannot reach it.</returns>
    public Task Finish(ReadOnlyMemory<byte> lastText) => Task.WhenAll(FinishConsole(lastText), FinishFile(), graphite.Finish());

    private async Task FinishConsole(ReadOnlyMemory<byte> lastText)
    {
        await console.WhenWritten();
        if (_lastOfConsole is { } last)
        {
            if (console.IsReady)
            {
                console.Write(last.Text);
                await console.WhenWritten();
            }
            else
            {
                LostByConsole++;
            }
        }

        if (console.IsReady)
        {
            console.Write(lastText);
            await console.WhenWritten();
        }
    }

    private async Task FinishFile()
    {
        await file.WhenWritten();
        if (_lastOfFile is { } last)
        {
            file.Write(last.Text);
            await file.WhenWritten();
        }
    }
}

/// <summary>The texts of one flush. Console and file share one text.</summary>
internal sealed record FlushTelling(FlushReport? ToConsole, FlushReport? ToFile, GraphiteText? ToGraphite)
{
    public IReadOnlyList<IFlushWriter> Writers { get; } =
        [.. new IFlushWriter?[] { ToConsole ?? ToFile, ToGraphite }.OfType<IFlushWriter>()];

    /// <summary>Whether the console is on and was not ready.</summary>
    public bool IsLostByConsole { get; init; }

    /// <summary>Whether there is a file and it was not ready.</summary>
    public bool IsLostByFile { get; init; }
}
