namespace Vigil;

/// <summary>Work that a token can cancel.</summary>
internal sealed class CancellableWork : PendingWork
{
    private readonly Action _work;

    public CancellableWork(Action work) => _work = work;

    public override string ToString() => MethodName.Of(_work);

    protected override WorkOutcome Execute()
    {
        _work();
        return WorkOutcome.Done;
    }

    protected override void OnCancelled(CancellationToken token)
    {
        // No one waits for the result.
    }
}
