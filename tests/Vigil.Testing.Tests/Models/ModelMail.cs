namespace Vigil.Testing.Tests.Models;

/// <summary>The phases of an iteration in which callbacks run (docs/iteration.md).</summary>
internal enum ModelPhase
{
    Outside,
    Timers,
    Sources,
    Mailbox,
    Deferred,
}

/// <summary>Closures that wait for a phase: those that were there when it begins run in it, in order.</summary>
internal sealed class ModelQueue(string name, ModelPhase phase, bool runsAtOnce, Action<string> fail)
{
    private readonly Queue<int> _due = new();
    private readonly Queue<int> _next = new();

    public void Add(int number, ModelPhase now) => (now < phase || (runsAtOnce && now == phase) ? _due : _next).Enqueue(number);

    public void OnRun(int number)
    {
        if (!_due.TryDequeue(out int expected) || expected != number)
        {
            fail($"{name} {number} runs instead of {expected}");
        }
    }

    public void End()
    {
        if (_due.TryPeek(out int missing))
        {
            fail($"{name} {missing} has not run in its iteration");
        }

        while (_next.TryDequeue(out int number))
        {
            _due.Enqueue(number);
        }
    }
}

/// <summary>What docs/errors.md promises of callbacks that throw.</summary>
internal sealed class ModelFaults(FaultPolicy policy, Action<string> fail)
{
    private readonly List<Expected> _expected = [];
    private readonly List<Exception> _reported = [];

    public void Expect(Exception exception) => _expected.Add(new Expected(exception));

    public void OnReported(FaultReport report)
    {
        if (_expected.Find(fault => !fault.IsReported && fault.Exception == report.Exception) is not { } expected)
        {
            fail($"unexpected report: {report}");
            return;
        }

        expected.IsReported = true;
        _reported.Add(report.Exception);
        if (report.IsThrown != (policy == FaultPolicy.Throw))
        {
            fail($"IsThrown is {report.IsThrown} under {policy}");
        }
    }

    /// <summary>The iteration has ended, and its run has thrown something or nothing.</summary>
    public void End(Exception? thrown)
    {
        if (_expected.Exists(fault => !fault.IsReported))
        {
            fail("a callback threw and nothing was reported");
        }

        Exception[] came = thrown is AggregateException several ? [.. several.InnerExceptions] : thrown is null ? [] : [thrown];
        if (!came.SequenceEqual(policy == FaultPolicy.Throw ? _reported : []))
        {
            fail($"the run threw {thrown?.ToString() ?? "nothing"} where {_reported.Count} callbacks threw, under {policy}");
        }

        _expected.Clear();
        _reported.Clear();
    }

    private sealed class Expected(Exception exception)
    {
        public Exception Exception { get; } = exception;

        public bool IsReported { get; set; }
    }
}
