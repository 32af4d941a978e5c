namespace Vigil;

/// <summary>Work that a token can cancel, or that has an activity.</summary>
internal sealed class CancellableWork : PendingWork
{
    private readonly Action _work;

    /// <param name="work">The delegate to run.</param>
    /// <param name="callback">The user's delegate, which <paramref name="work"/> may wrap.</param>
    public CancellableWork(Action work, Delegate callback)
    {
        _work = work;
        Callback = callback;
    }

    protected override Delegate Callback { get; }

    protected override WorkOutcome Execute()
    {
        try
        {
            _work();
        }
        catch (Exception exception)
        {
            EndActivity(exception);
            throw;
        }

        EndActivity();
        return WorkOutcome.Done;
    }

    protected override void OnCancelled(CancellationToken token)
    {
        // No one waits for the result.
    }
}
