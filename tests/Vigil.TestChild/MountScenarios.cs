using System.Runtime.InteropServices;
using static Vigil.TestChild.Claims;

namespace Vigil.TestChild;

/// <summary>The list of mounts, whose poll reports each change only once. In a mount namespace of its own.</summary>
internal static partial class MountScenarios
{
    private const string List = "/proc/self/mountinfo";

    /// <summary>A program that reads the list at each change knows the last change, after any number of changes, on the loop and on
    /// workers.</summary>
    public static void Changes(string[] args)
    {
        string point = Directory.CreateTempSubdirectory("vigil-").FullName;
        try
        {
            Storm(point);
            OnWorker(point);
            Disarmed(point);
        }
        finally
        {
            Directory.Delete(point);
        }
    }

    private static void Storm(string point)
    {
        const int Pairs = 2_000;
        using var manager = new EventManager(new EventManagerOptions { UnhandledHangUpLimit = 20 });
        FaultReport? fault = null;
        manager.FaultReported += (_, report) => fault ??= report;
        using FileStream mounts = File.OpenRead(List);
        string known = "";
        using SocketEvent changed = manager.CreateSocketEvent(
            mounts.SafeFileHandle,
            EventSet.Priority,
            (_, _) => known = File.ReadAllText(List));
        Check(changed.Interest == EventSet.Priority, $"another interest: {changed.Interest}");
        var storm = new Thread(() =>
        {
            for (int i = 0; i < Pairs; i++)
            {
                Mount(point);
                Unmount(point);
            }

            Mount(point);
        });
        storm.Start();
        manager.RunUntil(() => known.Contains(point, StringComparison.Ordinal) && !storm.IsAlive);
        storm.Join();
        Check(fault is null, $"{fault}");
        Unmount(point);
        manager.RunUntil(() => !known.Contains(point, StringComparison.Ordinal));
    }

    private static void OnWorker(string point)
    {
        var workers = new Queue();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        using FileStream mounts = File.OpenRead(List);
        string known = "";
        bool unmounts = true;
        using SocketEvent changed = manager.CreateSocketEvent(
            mounts.SafeFileHandle,
            EventSet.Priority,
            (_, _) =>
            {
                known = File.ReadAllText(List);
                if (unmounts)
                {
                    // After the list was read, and before the callback's end.
                    unmounts = false;
                    Unmount(point);
                }
            },
            new() { Target = CallbackTarget.Worker() });
        Mount(point);
        manager.RunUntil(() => workers.RunAll() && known.Length > 0);
        manager.RunUntil(() => workers.RunAll() && !known.Contains(point, StringComparison.Ordinal));
        Check(changed.Interest == EventSet.Priority && changed.State == SourceState.Armed, $"{changed.Interest}, {changed.State}");
    }

    private static void Disarmed(string point)
    {
        using var manager = new EventManager();
        using FileStream mounts = File.OpenRead(List);
        int told = 0;
        using SocketEvent changed = manager.CreateSocketEvent(mounts.SafeFileHandle, EventSet.Priority, (_, _) => told++);
        changed.Disarm();
        Mount(point);
        Check(manager.RunOnce(TimeSpan.Zero) == 0, "told though disarmed");
        changed.Arm();
        manager.RunUntil(() => told == 1);
        Check(manager.RunOnce(TimeSpan.Zero) == 0, "told twice");
        Unmount(point);
        changed.Modify(EventSet.None);
        manager.RunUntil(() => told == 2);
    }

    /// <summary>Without <c>/proc</c>, watching a directory is refused, and the message says what is missing.</summary>
    public static void FilesWithoutProc(string[] args)
    {
        using var manager = new EventManager();
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        Mount("/proc");
        try
        {
            manager.CreateFileEvent(directory.FullName, (_, _) => { });
            Check(false, "it is watched");
        }
        catch (EventManagerException exception)
        {
            Check(
                exception.Error == EventManagerError.System && exception.Message.Contains("/proc is not mounted", StringComparison.Ordinal),
                exception.Message);
        }
        finally
        {
            Unmount("/proc");
            directory.Delete();
        }
    }

    private static void Mount(string point) => Check(mount("vigil", point, "tmpfs", 0, 0) == 0, "a file system could not be mounted");

    private static void Unmount(string point) => Check(umount2(point, 0) == 0, "a file system could not be unmounted");

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, nuint flags, nint data);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    private sealed class Queue : IWorkExecutor
    {
        private readonly Queue<WorkItem> _items = new();

        public int ThreadCount => 0;

        public bool TryExecute(in WorkItem item)
        {
            _items.Enqueue(item);
            return true;
        }

        public bool RunAll()
        {
            while (_items.TryDequeue(out WorkItem item))
            {
                item.Run();
            }

            return true;
        }
    }
}
