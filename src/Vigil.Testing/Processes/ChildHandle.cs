namespace Vigil.Testing;

/// <summary>A number of a simulated child.</summary>
internal sealed class ChildHandle : VirtualProcess
{
    private readonly World _world;
    private readonly SimulatedChild _child;

    public ChildHandle(World world, SimulatedChild child)
        : base(world.Descriptors.Give(child.File))
    {
        _world = world;
        _child = child;
    }

    public override int ProcessId => _child.ProcessId;

    protected override bool TryGetExit(out ChildExit exit) => _child.TryReap(out exit);

    protected override int Send(Signal signal)
    {
        _world.RequireThread();
        return _child.Receive(signal) ? 0 : SimulatedErrno.ESRCH;
    }

    protected override bool ReleaseHandle()
    {
        _world.Close((int)handle);
        return true;
    }
}
