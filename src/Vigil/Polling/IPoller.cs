using Vigil.Timing;

namespace Vigil.Polling;

/// <summary>
/// Monitors file descriptors and reports which are ready. The contract, which one test suite checks for every implementation:
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
internal interface IPoller : IDisposable
{
    /// <summary>Registers a descriptor.</summary>
    int Add(int fd, Token token, EventSet interest);

    /// <summary>Replaces a registration's token and interest; re-arms a one-shot and makes an edge-triggered one report afresh.</summary>
    int Modify(int fd, Token token, EventSet interest);

    /// <summary>Ends a registration.</summary>
    int Remove(int fd);

    /// <summary>Waits and fills the buffer, which is empty if the deadline passed. Returns an errno.</summary>
    int Wait(Deadline deadline, ReadyBuffer ready);

    /// <summary>Begins to move the live registrations to a fresh instance. Returns an errno.</summary>
    int BeginRebuild();

    /// <summary>
    /// Moves one registration. ENOENT means that it was dead: its file is closed, whatever the number names now.
    /// Without an interest it stays out of the fresh instance, as a disarmed one-shot must.
    /// </summary>
    int Transfer(int fd, Token token, EventSet? interest);

    /// <summary>Drops the old instance with everything that was not transferred.</summary>
    void EndRebuild();

    /// <summary>Keeps the old instance with everything in it.</summary>
    void AbandonRebuild();
}
