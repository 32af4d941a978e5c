using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Vigil.Failures;

namespace Vigil.Interop;

/// <summary>
/// What every call of the C library goes through in this program: it counts the calls, and makes one of them fail. Of the whole process,
/// since any thread of the library may make the call in question.
/// </summary>
internal static class Gate
{
    private static readonly ConcurrentDictionary<SystemCall, StrongCount> Counts = new();

    // The driver's own calls, and those of the programs that it plays, never fail.
    [ThreadStatic]
    private static int _depthOutside;

    [ThreadStatic]
    private static Refusal? _refusal;

    private static Refusal? _plan;
    private static long _calls;

    public enum Answer
    {
        /// <summary>The call is made.</summary>
        Call,

        /// <summary>The call is made, and fails nevertheless: it does its work and returns an error.</summary>
        CallAndFail,

        /// <summary>The call is not made, and fails.</summary>
        Refuse,
    }

    /// <summary>The number of calls since the plan was made, of any kind.</summary>
    public static long Calls => Volatile.Read(ref _calls);

    /// <summary>Makes the n-th call of a kind fail, once, and counts calls from zero. Null only counts.</summary>
    public static void Plan(Refusal? refusal)
    {
        Counts.Clear();
        Interlocked.Exchange(ref _calls, 0);
        Volatile.Write(ref _plan, refusal);
    }

    /// <summary>How many calls were made since, of each kind.</summary>
    public static Dictionary<SystemCall, int> Count() =>
        Counts.ToDictionary(count => count.Key, count => Volatile.Read(ref count.Value.Value));

    /// <summary>Runs an action whose calls are neither counted nor refused.</summary>
    public static void Outside(Action action)
    {
        _depthOutside++;
        try
        {
            action();
        }
        finally
        {
            _depthOutside--;
        }
    }

    public static Answer Ask(string function, long number, long operation, int fd)
    {
        if (_depthOutside > 0)
        {
            return Answer.Call;
        }

        Interlocked.Increment(ref _calls);
        if (SystemCalls.Find(function, number, operation) is not { } call)
        {
            return Answer.Call;
        }

        int nth = Interlocked.Increment(ref Counts.GetOrAdd(call, static _ => new StrongCount()).Value);
        Refusal? plan = Volatile.Read(ref _plan);
        if (plan is null || plan.Call != call || plan.Nth != nth)
        {
            return Answer.Call;
        }

        _refusal = plan;
        plan.Fd = fd;
        plan.Stack = new StackTrace(1, fNeedFileInfo: false).ToString();
        plan.IsDone = true;
        return call.HappensDespite(plan.Errno, fd) ? Answer.CallAndFail : Answer.Refuse;
    }

    /// <summary>Sets the errno of the refused call, and returns its result.</summary>
    public static nint Fail()
    {
        Refusal refusal = _refusal!;
        Marshal.SetLastSystemError(refusal.Errno);
        Marshal.SetLastPInvokeError(refusal.Errno);
        return refusal.Call.Failure;
    }

    private sealed class StrongCount
    {
        public int Value;
    }
}

/// <summary>The one call that fails in a case.</summary>
internal sealed class Refusal(SystemCall call, int nth, int errno)
{
    public SystemCall Call { get; } = call;

    /// <summary>Which of the calls of its kind; the first is 1.</summary>
    public int Nth { get; } = nth;

    public int Errno { get; } = errno;

    /// <summary>The descriptor that the failed call was about; −1 if none.</summary>
    public int Fd { get; set; } = -1;

    /// <summary>Who made it.</summary>
    public string Stack { get; set; } = "";

    /// <summary>Whether it was made, and failed.</summary>
    public volatile bool IsDone;

    public override string ToString() => $"{Call} {Nth} fails with {Interop.Errno.Describe(Errno)}{(Fd >= 0 ? $", fd {Fd}" : "")}";
}
