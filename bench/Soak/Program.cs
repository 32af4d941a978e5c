using Soak.Loops;
using Vigil;

namespace Soak;

/// <summary>Does everything that Vigil can for minutes, and looks whether anything is left. bench/README.md says what is done.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        // Executes the program again, once, with the signals blocked: only then do they come by signalfd.
        SignalBlocking.Restart(SignalWorkload.Blocked, SignalWorkload.Queued);
        return SoakCommand.Run(args);
    }
}
