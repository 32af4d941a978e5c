using System.Diagnostics;
using System.Runtime.InteropServices;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>The processes of a simulated system.</summary>
internal sealed class SimulatedProcesses(IVirtualProcesses processes) : ProcessOrigin
{
    // Its id is the system's, and names none of the simulation's.
    public override OpenedProcess Open(Process process) => Open(process.Id);

    public override OpenedProcess Open(int processId)
    {
        VirtualProcess process = processes.Open(processId) ?? throw SystemProcesses.NotFound(processId, Errno.ESRCH);
        return new OpenedProcess(processId, new SimulatedEnd(process), process);
    }

    public override OpenedProcess Open(SafeHandle pidFd) => pidFd is VirtualProcess { IsClosed: false } process
        ? Open(process.ProcessId)
        : throw new EventManagerException(
            EventManagerError.InvalidDescriptor,
            "The descriptor is of no process of this simulation, or it is closed.",
            errno: Errno.EBADF);

    private sealed class SimulatedEnd(VirtualProcess process) : ProcessEnd
    {
        public override bool MustReap => true;

        public override EndAnswer Ask(FdHandle pidFd, Action wake) =>
            process.TryGetExit(out ChildExit exit) ? new EndAnswer(EndState.Told, exit) : new EndAnswer(EndState.NotYet);

        public override int Send(FdHandle pidFd, Signal signal) => process.Send(signal);

        public override bool WaitUntilEnded(FdHandle pidFd, int patienceMilliseconds) => process.TryGetExit(out _);

        public override void Dispose()
        {
            // The descriptor is the event's.
        }
    }
}
