using MetricsGateway.Flushing;
using MetricsGateway.Network;
using Vigil;

namespace MetricsGateway.Operation;

/// <summary>
/// The end of the gateway, on the loop and without stopping it: what has arrived is received, what is left is flushed, and whoever
/// reads reports and answers is waited for, up to a deadline.
/// </summary>
/// <param name="manager">Is stopped when all is done.</param>
/// <param name="listeners">What is to be closed.</param>
/// <param name="gate">Counts the connections that are left.</param>
/// <param name="flushes">Has the last flush, and tells it.</param>
/// <param name="errors">Where it is said what was left.</param>
/// <param name="createTotals">What is told at last.</param>
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

    /// <summary>Begins the end. Again, it does nothing.</summary>
    /// <param name="timeout">How long it may take; null for as long as it takes.</param>
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
            // Nor must a Graphite server that takes little: the last report for others is written with what is for it.
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
            // Nobody else would tell it any more: the loop ends.
            errors.Write(ConsoleText.StopFailed(exception));
        }
        finally
        {
            manager.Stop();
        }
    }

    private async Task FinishAsync(Task receptionEnds, TimeSpan? patience)
    {
        // What comes from here on is for the last report, which no other one must be in the way of.
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
            // What was told before, and the totals, are there to be written all the same.
            errors.Write(ConsoleText.StopFailed(exception));
        }

        // Whoever reads the totals may start the next gateway: the listeners are closed.
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

    // A timer of the manager's, so that nothing of this goes on after it was disposed.
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
