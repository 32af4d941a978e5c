namespace Vigil;

/// <summary>
/// The signals of a simulated process. A poller that stands for the kernel (<see cref="EventManagerOptions.PollerFactory"/>) may implement
/// it; then the signal events of the manager come from it, and the process's own signals stay as they are.
/// </summary>
/// <remarks>The contract is stable: a later version adds only members that have an implementation here.</remarks>
public interface IVirtualSignals
{
    /// <summary>A loop handles a signal from now on. Called on its thread, once for each signal.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="arrived">
    /// What to call for each that arrives, on any thread, one at a time. The loop wakes up, and merges standard signals as the kernel does.
    /// </param>
    void Subscribe(Signal signal, Action<SignalInfo> arrived);

    /// <summary>The loop handles it no more. Called on its thread.</summary>
    /// <param name="signal">The signal.</param>
    void Unsubscribe(Signal signal);
}
