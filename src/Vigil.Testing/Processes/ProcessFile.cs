namespace Vigil.Testing;

/// <summary>What the descriptors of a simulated child name: readable when it has ended (<c>pidfd_open(2)</c>).</summary>
internal sealed class ProcessFile(SimulatedChild child) : SimulatedFile
{
    public override EventSet Ready => child.Exit is null ? EventSet.None : EventSet.In;

    public override string Description => $"child {child.Name}";

    /// <summary>The child has ended.</summary>
    public void OnEnded() => NoteChange();

    // The child goes on without descriptors.
    protected override void Close()
    {
    }
}
