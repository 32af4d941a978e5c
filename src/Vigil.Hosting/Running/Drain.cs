namespace Vigil.Hosting;

/// <summary>
/// Lets a manager finish what it was sent: what was posted has run, and what that sent to the workers has come back. What keeps sending to
/// itself is never finished, and the deadline ends the wait.
/// </summary>
internal static class Drain
{
    // Work that has come back may send more; a second look without any change shows that none did.
    private const int LooksWithoutChange = 2;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    /// <summary>Waits for a manager and its pool.</summary>
    /// <param name="manager">The manager, whose loop runs.</param>
    /// <param name="progressed">Called when something was finished.</param>
    /// <param name="deadline">Ends the wait.</param>
    /// <returns>What was left, in words; null if nothing was.</returns>
    public static async Task<string?> RunAsync(HostedManager manager, Action progressed, CancellationToken deadline)
    {
        try
        {
            long done = -1;
            for (int looks = 0; looks < LooksWithoutChange;)
            {
                await manager.TurnAsync(deadline).ConfigureAwait(false);
                WorkerPoolStatistics work = manager.Pool?.Statistics ?? new WorkerPoolStatistics();
                long ended = work.Done + work.Failed + work.Cancelled + work.RunByCallers;
                bool isQuiet = work.Queued == 0 && work.Running == 0 && ended == done;
                if (ended != done)
                {
                    progressed();
                }

                done = ended;
                looks = isQuiet ? looks + 1 : 0;
                if (!isQuiet)
                {
                    await Task.Delay(Pause, deadline).ConfigureAwait(false);
                }
            }

            return null;
        }
        catch (OperationCanceledException)
        {
            WorkerPoolStatistics work = manager.Pool?.Statistics ?? new WorkerPoolStatistics();
            return work.Queued + work.Running > 0
                ? $"{manager.Name}: {work.Queued} items wait and {work.Running} run in {manager.Pool!.Name}"
                : $"{manager.Name}: what was posted to its loop";
        }
    }
}
