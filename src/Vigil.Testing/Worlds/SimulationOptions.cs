namespace Vigil.Testing;

/// <summary>How a simulation is explored.</summary>
public sealed class SimulationOptions
{
    /// <summary>How many seeds are tried; 1 or more. Default: 100.</summary>
    public int Runs { get; set; } = 100;

    /// <summary>
    /// The first seed; the others follow it. <c>VIGIL_SEED</c> in the environment replaces it, and tries that one alone. Default: 1.
    /// </summary>
    public ulong Seed { get; set; } = 1;

    /// <summary>
    /// Of how many runs one is made twice, to find what differs although the seed is the same; 0 for none. Default: 10. With
    /// <c>VIGIL_SEED</c>, that run is.
    /// </summary>
    public int RepeatOneIn { get; set; } = 10;

    /// <summary>
    /// How long an asynchronous program may take, in simulated time; <see cref="Timeout.InfiniteTimeSpan"/> for no limit. Then the run
    /// fails. Default: one day.
    /// </summary>
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Whether callbacks, work items and actions of <see cref="World.At"/> may block, by
    /// <see cref="RemoteEndpoint.CallBlocking(Action{EventManager}, CancellationToken)"/> or by the disposal of a manager that a thread
    /// runs. Then each loop and each worker of a world has a thread of its own, of which one runs at a time, and a step takes microseconds.
    /// Without it they are refused; the program itself may always block. Default: false.
    /// </summary>
    public bool AllowBlocking { get; set; }

    /// <summary>
    /// Whether a run that has failed is repeated with less, up to 200 times, to find what the failure takes: which faults, and which
    /// choices of the seed. Turn it off where failures are expected in great number. Default: true.
    /// </summary>
    public bool ReduceFailures { get; set; } = true;

    /// <summary>Whether a run fails whose program has left descriptors open or work waiting at the end. Default: true.</summary>
    public bool FailOnLeaks { get; set; } = true;
}
