namespace Vigil.Internals.Tests.Polling.Contract;

/// <summary>A part of the contract of <c>IPoller</c>, checked against one implementation.</summary>
public abstract class PollerContract<TRig> : IDisposable
    where TRig : PollerRig, new()
{
    protected TRig Rig { get; } = new();

    public void Dispose()
    {
        Rig.Dispose();
        GC.SuppressFinalize(this);
    }
}
