using MetricsGateway.Flushing;
using MetricsGateway.Network;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>
/// Shuts the gateway down, on the running loop: receives what has arrived, flushes what is left, and waits for the readers of reports and
/// answers, up to a deadline.
/// </summary>
/// <param name="manager">Is stopped at the end.</param>
/// <param name="listeners">The listeners to close.</param>
/// <param name="gate">Counts the remaining connections.</param>
/// <param name="flushes">Makes the last flush, and writes it.</param>
/// <param name="errors">Receives a line about what was not finished.</param>
/// <param name="createTotals">Creates the last text.</param>
internal sealed class Shutdown(
    EventManager manager,
    ListenerSet listeners,
    ConnectionGate gate,
    FlushPipeline flushes,
    TextWriter errors,
    Func<ReadOnlyMemory<byte>> createTotals)
{
    private bool _isReported;

    public bool HasBegun { get; private set; }

    /// <summary>Begins the shutdown. A second call does nothing.</summary>
    /// <param name="timeout">The time limit; null for none.</param>
    public void Begin(TimeSpan? timeout)
    {
        if (!HasBegun)
        {
            HasBegun = true;
            RunToEnd(timeout);
        }
    }

    private async void RunToEnd(TimeSpan? timeout)
    {
        try
        {
            // Senders that never pause must not take the time that the last flush needs.
            // Nor must a slow Graphite server: the last report for other targets is written together with Graphite's lines.
            Task work = FinishAsync(receptionEnds: After(timeout / 2), patience: timeout / 4);
            if (await Task.WhenAny(work, After(timeout)) == work)
            {
                await work;
            }
            else
            {
                errors.Write(ConsoleText.StopTimedOut(timeout!.Value, DescribeLeft()));
            }
        }
        catch (Exception exception)
        {
            // Reported here, because the loop ends and nothing else would.
            errors.Write(ConsoleText.StopFailed(exception));
        }
        finally
        {
            manager.Stop();
        }
    }

    private async Task FinishAsync(Task receptionEnds, TimeSpan? patience)
    {
        // From here on everything belongs to the last report, which no other report may delay.
        flushes.Stop(patience);
        (Task metrics, Task admin) = listeners.EndAll();
        if (await Task.WhenAny(metrics, receptionEnds) != metrics || listeners.WasCut)
        {
            errors.Write(ConsoleText.ReceptionCut);
        }

        try
        {
            await flushes.FlushLast();
        }
        catch (Exception exception)
        {
            // Earlier reports, and the totals, can still be written.
            errors.Write(ConsoleText.StopFailed(exception));
        }

        // The listeners are closed by now: a reader of the totals may start the next gateway.
        await flushes.Finish(createTotals());
        _isReported = true;
        if (flushes.DescribeLeft().ToArray() is [_, ..] left)
        {
            errors.Write(ConsoleText.LeftAtStop(left));
        }

        await admin;
    }

    private IEnumerable<string> DescribeLeft()
    {
        IEnumerable<string> left = _isReported ? [] : flushes.DescribeLeft();
        return gate.Open == 0 ? left : left.Append($"{gate.Open} connections were still open");
    }

    // The timer belongs to the manager, so nothing continues after its disposal.
    private Task After(TimeSpan? time)
    {
        TaskCompletionSource elapsed = new();
        if (time is { } due)
        {
            manager.CreateTimerEvent(due, (_, _) => elapsed.SetResult());
        }

        return elapsed.Task;
    }
}
