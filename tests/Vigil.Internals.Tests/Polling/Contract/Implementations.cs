namespace Vigil.Internals.Tests.Polling.Contract;

// The contract for each implementation. The first six test the same epoll instance and differ in how a wait ends at its
// deadline.
public sealed class EpollRegistrationTests : RegistrationContract<EpollRig>;

public sealed class EpollReadinessTests : ReadinessContract<EpollRig>;

public sealed class EpollDeadlineTests : DeadlineContract<EpollRig>;

public sealed class EpollCapacityTests : CapacityContract<EpollRig>;

public sealed class EpollRebuildTests : RebuildContract<EpollRig>;

public sealed class EpollKernelTests : KernelContract<EpollRig>;

public sealed class TimerFdRegistrationTests : RegistrationContract<TimerFdRig>;

public sealed class TimerFdReadinessTests : ReadinessContract<TimerFdRig>;

public sealed class TimerFdDeadlineTests : DeadlineContract<TimerFdRig>;

public sealed class TimerFdCapacityTests : CapacityContract<TimerFdRig>;

public sealed class TimerFdRebuildTests : RebuildContract<TimerFdRig>;

public sealed class TimerFdKernelTests : KernelContract<TimerFdRig>;

public sealed class SimulatedRegistrationTests : RegistrationContract<ScriptedRig>;

public sealed class SimulatedReadinessTests : ReadinessContract<ScriptedRig>;

public sealed class SimulatedDeadlineTests : DeadlineContract<ScriptedRig>;

public sealed class SimulatedCapacityTests : CapacityContract<ScriptedRig>;

public sealed class SimulatedRebuildTests : RebuildContract<ScriptedRig>;
