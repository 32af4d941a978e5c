
namespace Vigil.Polling;

/// <summary>
/// Monitors file descriptors and reports which are ready. Programs need it only to replace <c>epoll(7)</c>, for a simulation or a replay
/// (<see cref="EventManagerOptions.PollerFactory"/>). The contract, which one test suite checks for every implementation:
/// <list type="number">
/// <item>A registration is a descriptor's number, a token that is the caller's, and an interest. A number is registered at most
/// once. The methods that change registrations return an errno, 0 for success, and change nothing if they fail: EEXIST
/// (already registered), ENOENT (not registered), EBADF (not open), EPERM (not pollable), EINVAL (an unsupported
/// interest, or the modification of an exclusive one).</item>
/// <item>What <see cref="Wait"/> reports is true at the time of the call: level-triggered readiness is reported by every wait as
/// long as it lasts, edge-triggered after each change and after each Add and Modify that finds it ready, one-shot once until
/// the next Modify. Error and hang-up are always reported. A poller whose mechanism is edge-triggered by nature re-arms
/// level-triggered interest itself, before the wait that follows the delivery.</item>
/// <item>The poller does not see behind numbers: a file closed by its last descriptor disappears from it silently, and one
/// kept open by a duplicate is still reported with its old token. The caller must recognise such tokens.</item>
/// <item><see cref="Wait"/> returns when something is ready or the deadline has passed, never before; a signal handled
/// meanwhile does not shorten it. It reports as many as the buffer holds; the rest is neither lost nor starved.</item>
/// <item>One thread at a time uses a poller. Another thread ends a wait by making a registered descriptor ready.</item>
/// <item>A rebuild moves every live registration to a fresh instance: <see cref="BeginRebuild"/>, then
/// <see cref="Transfer"/> for each, then <see cref="EndRebuild"/>, after which only transferred registrations are reported, or
/// <see cref="AbandonRebuild"/>, after which everything is as before.</item>
/// </list>
/// </summary>
/// <remarks>The contract is stable: a later version adds only members that have an implementation here.</remarks>
public interface IPoller : IDisposable
{
    /// <summary>
    /// Whether the thread that waits also runs everybody else, or in turn with them, as in a simulation. Then the tasks of the loop's calls
    /// and work run their continuations where they end. Otherwise these go to the context that awaits, or to the thread pool, and never run
    /// on the loop.
    /// </summary>
    bool SharesThread => false;

    /// <summary>
    /// How threads wait for the loop. Asked once, when the loop is created. Null, as by default: they sleep until it wakes them.
    /// </summary>
    IBlockingWait? BlockingWait => null;

    /// <summary>Registers a descriptor.</summary>
    /// <param name="fd">Its number.</param>
    /// <param name="token">What <see cref="Wait"/> reports it by.</param>
    /// <param name="interest">The kinds of readiness, and the modes.</param>
    /// <returns>An errno; 0 for success.</returns>
    int Add(int fd, SourceToken token, EventSet interest);

    /// <summary>Replaces a registration's token and interest; re-arms a one-shot and makes an edge-triggered one report afresh.</summary>
    /// <param name="fd">Its number.</param>
    /// <param name="token">The new token.</param>
    /// <param name="interest">The new interest.</param>
    /// <returns>An errno; 0 for success.</returns>
    int Modify(int fd, SourceToken token, EventSet interest);

    /// <summary>Ends a registration.</summary>
    /// <param name="fd">Its number.</param>
    /// <returns>An errno; 0 for success.</returns>
    int Remove(int fd);

    /// <summary>Waits and fills the buffer, which is empty if the deadline passed.</summary>
    /// <param name="deadline">When the wait ends at the latest.</param>
    /// <param name="ready">Receives what is ready; the poller clears it first.</param>
    /// <returns>An errno; 0 for success.</returns>
    int Wait(Deadline deadline, ReadyBuffer ready);

    /// <summary>Begins to move the live registrations to a fresh instance.</summary>
    /// <returns>An errno; 0 for success.</returns>
    int BeginRebuild();

    /// <summary>
    /// Moves one registration. ENOENT means that it was dead: its file is closed, whatever the number names now.
    /// Without an interest it stays out of the fresh instance, as a disarmed one-shot must.
    /// </summary>
    /// <param name="fd">Its number.</param>
    /// <param name="token">Its token.</param>
    /// <param name="interest">Its interest; null to leave it out.</param>
    /// <returns>An errno; 0 for success.</returns>
    int Transfer(int fd, SourceToken token, EventSet? interest);

    /// <summary>Drops the old instance with everything that was not transferred.</summary>
    void EndRebuild();

    /// <summary>Keeps the old instance with everything in it.</summary>
    void AbandonRebuild();
}
