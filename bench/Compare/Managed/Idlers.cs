using System.Net.Sockets;
using Vigil;
using Vigil.IO;

namespace Compare.Managed;

/// <summary>Threads that wait and never get work.</summary>
internal static class Idlers
{
    private const int Ready = 0;

    public static int StartVigil()
    {
        new Thread(RunVigil) { IsBackground = true }.Start();
        return Ready;
    }

    public static int StartSocket()
    {
        Socket listener = LoopbackListener.Create();
        _ = Task.Run(async () => await listener.AcceptAsync());
        return Ready;
    }

    private static void RunVigil()
    {
        using var manager = new EventManager();
        using var never = new EventFd(0u);
        manager.CreateSocketEvent(never, EventSet.In, static (_, _) => { });
        manager.Run();
    }
}
