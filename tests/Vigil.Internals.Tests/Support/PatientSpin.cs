namespace Vigil.Internals.Tests.Support;

/// <summary>Spins without allocating, but not for ever.</summary>
internal struct PatientSpin
{
    private SpinWait _wait;
    private long _end;

    public void Once(string what)
    {
        if (_end == 0)
        {
            _end = Environment.TickCount64 + (long)Patience.Limit.TotalMilliseconds;
        }

        Assert.True(Environment.TickCount64 < _end, what);
        _wait.SpinOnce();
    }
}
