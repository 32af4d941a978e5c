namespace Vigil.Testing;

/// <summary>The poller of a loop in a world: it stands for the kernel with the world's signals, children and files, too.</summary>
internal sealed class WorldPoller : SimulatedPoller, IVirtualSignals, IVirtualProcesses, IVirtualDirectories
{
    private readonly World _world;

    /// <param name="world">The world.</param>
    /// <param name="onIdle">Called when nothing is ready. Returns whether the wait looks again.</param>
    /// <param name="script">What a test dictates.</param>
    public WorldPoller(World world, Func<bool> onIdle, PollerScript script)
        : base(
            world.Descriptors,
            _ => onIdle(),
            bound => world.Choices.NextOrLast(bound, "in which order descriptors are reported"),
            script) => _world = world;

    public void Subscribe(Signal signal, Action<SignalInfo> arrived) => _world.Signals.Add(this, signal, arrived);

    public void Unsubscribe(Signal signal) => _world.Signals.Remove(this, signal);

    public VirtualProcess? Open(int processId) => _world.Children.Open(processId);

    public IVirtualFile? Find(string path, bool followsLinks, out int errno) => _world.Directories.Find(path, out errno);

    public VirtualFileQueue? CreateQueue(out int errno) => _world.Directories.CreateQueue(out errno);
}
