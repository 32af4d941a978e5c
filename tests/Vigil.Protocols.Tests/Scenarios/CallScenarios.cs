using Exploration;

namespace Vigil.Protocols.Scenarios;

/// <summary>
/// Blocking calls: each caller gets the result of its own call and sleeps for ever in none, though its thread's futex word is used again
/// for the next call and a late wake-up of the last one may come at any time.
/// </summary>
internal sealed class BlockingCalls : Scenario
{
    private readonly LoopCore _core = new();
    private readonly BlockingCall<int>[][] _calls;
    private readonly int[][] _results;

    public BlockingCalls(int callers, int calls)
    {
        Interop.FutexNative.Forget();
        _calls = [.. Enumerable.Range(0, callers).Select(caller => Enumerable.Range(0, calls).Select(
            number => new BlockingCall<int>(_core, _ => ResultOf(caller, number))).ToArray())];
        _results = [.. _calls.Select(_ => new int[calls])];
    }

    public override IReadOnlyList<Action> Threads =>
        [.. Enumerable.Range(0, _calls.Length).Select(caller => (Action)(() => Call(caller))), Serve];

    public override void Check()
    {
        for (int caller = 0; caller < _calls.Length; caller++)
        {
            if (!_results[caller].SequenceEqual(Enumerable.Range(0, _results[caller].Length).Select(number => ResultOf(caller, number))))
            {
                throw new InvalidOperationException($"The results of caller {caller} are {string.Join(' ', _results[caller])}.");
            }
        }
    }

    private static int ResultOf(int caller, int number) => (10 * (caller + 1)) + number;

    private void Call(int caller)
    {
        for (int i = 0; i < _calls[caller].Length; i++)
        {
            Memory.Rest((UInt128)(uint)i);
            _core.Mailbox.PostUnbounded(_calls[caller][i]);
            _calls[caller][i].Wait(Timeout.InfiniteTimeSpan, TimeSpan.Zero, CancellationToken.None);
            _results[caller][i] = _calls[caller][i].Result;
        }
    }

    private void Serve()
    {
        for (int left = _calls.Sum(calls => calls.Length); left > 0; left--)
        {
            Memory.Rest((UInt128)(uint)left);
            _core.Mailbox.DeliverOne();
        }
    }
}

/// <summary>
/// The end of a blocking call: one thread would run it, another fails it because the manager ends. The caller gets either the result or the
/// exception, never both, none or neither, and the closure has run exactly if there is a result.
/// </summary>
internal sealed class BlockingCallEnd : Scenario
{
    private readonly LoopCore _core = new();
    private readonly BlockingCall<int> _call;
    private int _runs;
    private int _result;
    private Exception? _exception;

    public BlockingCallEnd()
    {
        Interop.FutexNative.Forget();
        _call = new BlockingCall<int>(_core, _ => ++_runs);
    }

    public override IReadOnlyList<Action> Threads =>
        [Call, () => _call.Run(_core.Manager), () => _call.Fail(new ObjectDisposedException("the manager"))];

    public override void Check()
    {
        if (_exception is null ? (_runs, _result) != (1, 1) : (_runs, _result) != (0, 0))
        {
            throw new InvalidOperationException($"It ran {_runs} times; the result is {_result}, the exception {_exception}.");
        }
    }

    private void Call()
    {
        try
        {
            _call.Wait(Timeout.InfiniteTimeSpan, TimeSpan.Zero, CancellationToken.None);
            _result = _call.Result;
        }
        catch (ObjectDisposedException exception)
        {
            _exception = exception;
        }
    }
}

/// <summary>
/// A call that is given up while a loop may run it: the closure never runs after the caller was told that the call was given up before it
/// began, and a caller that could not give it up finds its result.
/// </summary>
internal sealed class BlockingCallGivenUp : Scenario
{
    private readonly LoopCore _core = new();
    private readonly BlockingCall<int> _call;
    private int _runs;
    private bool _isGivenUp;
    private int _result;

    public BlockingCallGivenUp() => _call = new BlockingCall<int>(_core, _ => ++_runs);

    public override IReadOnlyList<Action> Threads => [GiveUp, () => _call.Run(_core.Manager)];

    public override void Check()
    {
        if (!_isGivenUp && (_runs, _result) != (1, 1))
        {
            throw new InvalidOperationException($"It was not given up, ran {_runs} times and has the result {_result}.");
        }
    }

    private void GiveUp()
    {
        _isGivenUp = _call.TryAbandon();
        _result = _isGivenUp ? 0 : _call.Result;
    }
}
