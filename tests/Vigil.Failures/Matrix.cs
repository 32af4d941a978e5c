using System.Diagnostics;
using Vigil.Interop;

namespace Vigil.Failures;

/// <summary>
/// All cases of a scenario. A case runs the scenario once, in which one call of one kind fails with one errno. For every case: it ends, it
/// does not make calls without end, no descriptor and no thread of the library is left, what was requested is reported although a step had
/// to be taken twice, or the manager has said that it failed, and with which errno. An interruption (EINTR) is invisible.
/// </summary>
internal sealed class Matrix
{
    private const int LooksAtRest = 100;
    private static readonly TimeSpan TimeBetweenLooks = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LimitOfCase = TimeSpan.FromSeconds(40);

    private readonly string _name;
    private readonly Action<Drive> _scenario;
    private readonly bool _isWhole;
    private readonly string? _only;
    private readonly List<string> _failures = [];
    private readonly Dictionary<SystemCall, int> _refused = [];
    private int _cases;
    private int _invisible;
    private int _told;
    private int _tolerated;
    private long _callsOfRehearsal;

    /// <param name="name">The scenario's name.</param>
    /// <param name="scenario">What is done.</param>
    /// <param name="isWhole">Whether every call fails in every way.</param>
    /// <param name="only">The only call to fail, and its outcomes are listed; null for all, and "*" for all with their outcomes.</param>
    public Matrix(string name, Action<Drive> scenario, bool isWhole, string? only) =>
        (_name, _scenario, _isWhole, _only) = (name, scenario, isWhole, only);

    /// <summary>Runs every case. Returns the program's exit code.</summary>
    public int Run()
    {
        IEnumerable<SystemCall> kinds = Rehearse();
        kinds = _failures is [] ? kinds : [];
        foreach (SystemCall call in kinds.Where(call => _only is null or "*" || string.Equals(call.Name, _only, StringComparison.Ordinal)))
        {
            foreach (int errno in ErrnosOf(call))
            {
                Fail(call, errno);
            }
        }

        foreach (string failure in _failures)
        {
            Console.Error.WriteLine(failure);
        }

        int pairs = kinds.Sum(call => ErrnosOf(call).Count());
        Console.WriteLine(
            $"{_name}: {_refused.Count} calls, {pairs} calls with an errno, {_cases} cases: {_told} told by an exception or a report, "
                + $"{_tolerated} done without, {_invisible} interrupted and made again; {_failures.Count} wrong");
        return _failures.Count == 0 && _cases > 0 ? 0 : 1;
    }

    // Its call is never made, since it succeeds: there is no second one.
    private bool IsReplacement => string.Equals(_name, "replacement", StringComparison.Ordinal);

    // Loads and compiles the code, and finds the calls that the scenario makes. That of the program's replacement is not made: it would
    // happen.
    private IEnumerable<SystemCall> Rehearse()
    {
        if (IsReplacement)
        {
            _callsOfRehearsal = 100;
            return SystemCalls.Kinds.Where(call => call.Name is "execve" or "setenv");
        }

        Dictionary<SystemCall, int> counts = [];
        for (int i = 0; i < 2; i++)
        {
            Outcome outcome = RunOnce(null);
            string[] wrong = [.. outcome.Wrong, .. outcome.Refusals, .. outcome.Reports, .. outcome.Missing];

            // The first time, the runtime opens for good what it needs for signals.
            if (i > 0 && wrong is not [])
            {
                _failures.Add($"{_name} without failures: {string.Join("\n    ", wrong)}");
            }

            counts = Gate.Count();
            _callsOfRehearsal = Gate.Calls;
        }

        return counts.Keys.OrderBy(call => call.Name, StringComparer.Ordinal);
    }

    private IEnumerable<int> ErrnosOf(SystemCall call) =>
        _isWhole ? call.Errnos : call.Errnos.Where(errno => errno == Errno.EINTR || errno == call.Errnos[^1] || errno == Errno.ENOMEM);

    private void Fail(SystemCall call, int errno)
    {
        for (int nth = 1; ; nth += _isWhole ? 1 : 1 + (nth / 2))
        {
            var refusal = new Refusal(call, nth, errno);
            Outcome outcome = RunOnce(refusal);
            if (!refusal.IsDone)
            {
                // Elsewhere the rehearsal made it; whether a thread must be woken differs from run to run.
                if (nth == 1 && IsReplacement)
                {
                    _failures.Add($"{_name}: {call} was not called. {string.Join("\n", outcome.Refusals.Concat(outcome.Wrong))}");
                }

                return;
            }

            _cases++;
            _refused[call] = nth;
            Judge(refusal, outcome);
            if (IsReplacement)
            {
                return;
            }
        }
    }

    private void Judge(Refusal refusal, Outcome outcome)
    {
        string errno = $"errno {refusal.Call.NamedAs(refusal.Errno)}";
        List<string> wrong = [.. outcome.Wrong];
        string[] told = [.. outcome.Refusals, .. outcome.Reports];
        if (outcome.Missing is not [] && !outcome.Reports.Exists(report => report.Contains(errno, StringComparison.Ordinal)))
        {
            wrong.Add($"missing, and nothing said why: {string.Join(", ", outcome.Missing)}");
        }

        if (told is not [] && !Array.Exists(told, text => text.Contains(errno, StringComparison.Ordinal)))
        {
            wrong.Add("the errno is not named");
        }

        if (refusal.Errno == Errno.EINTR && told is not [])
        {
            wrong.Add("an interruption is visible");
        }

        if (outcome.Calls > (40 * _callsOfRehearsal) + 2000)
        {
            wrong.Add($"{outcome.Calls} calls, instead of some {_callsOfRehearsal}");
        }

        _told += told is [] ? 0 : 1;
        _invisible += told is [] && refusal.Errno == Errno.EINTR ? 1 : 0;
        _tolerated += told is [] && refusal.Errno != Errno.EINTR ? 1 : 0;
        if (wrong is not [] || _only is not null)
        {
            string text = $"{(wrong is [] ? "" : "WRONG ")}{_name}: {refusal}, {outcome.Elapsed.TotalMilliseconds:F0} ms\n    "
                + string.Join("\n    ", wrong.Concat(told).Concat(outcome.Missing.Select(what => $"missing: {what}")));
            if (wrong is not [])
            {
                _failures.Add($"{text}\n{refusal.Stack}");
            }
            else
            {
                Console.Error.WriteLine(text);
            }
        }
    }

    private Outcome RunOnce(Refusal? refusal)
    {
        string directory = Directory.CreateTempSubdirectory("vigil-").FullName;
        var drive = new Drive(directory, Patience);
        List<string> before = Rest.Of(directory);
        long start = Stopwatch.GetTimestamp();
        Exception? thrown = null;
        void OnUnhandled(object sender, UnhandledExceptionEventArgs args) =>
            Console.Error.WriteLine($"{_name}: {refusal}: an exception ends the process, during {drive.Step}.\n{refusal?.Stack}");
        AppDomain.CurrentDomain.UnhandledException += OnUnhandled;
        Gate.Plan(refusal);
        var thread = new Thread(() =>
        {
            try
            {
                _scenario(drive);
            }
            catch (Exception exception)
            {
                thrown = exception;
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        if (!thread.Join(LimitOfCase))
        {
            Console.Error.WriteLine(
                $"{_name}: {refusal}: it hangs, during {drive.Step}. Refused: {string.Join('\n', drive.Refusals)}\n{refusal?.Stack}");
            foreach (string failure in _failures)
            {
                Console.Error.WriteLine(failure);
            }

            Environment.Exit(3);
        }

        long calls = Gate.Calls;
        if (thrown is not null)
        {
            drive.Wrong.Add($"{drive.Step} throws twice, or throws what it should not: {thrown}");
        }
        else
        {
            drive.Wrong.AddRange(LeftSince(before, directory));
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        AppDomain.CurrentDomain.UnhandledException -= OnUnhandled;
        Directory.Delete(directory, recursive: true);
        return new Outcome(drive.Wrong, drive.Refusals, drive.Reports, drive.Missing, calls, elapsed);
    }

    // What is closed by another thread is closed soon. A garbage collection would hide what the library forgot.
    private static IEnumerable<string> LeftSince(List<string> before, string directory)
    {
        string[] left = [];
        for (int looks = 0; looks < LooksAtRest; looks++)
        {
            left = [.. Rest.Of(directory).Except(before, StringComparer.Ordinal)];
            if (left is [])
            {
                break;
            }

            Thread.Sleep(TimeBetweenLooks);
        }

        return left.Select(what => $"left: {what}");
    }

    private sealed record Outcome(
        List<string> Wrong, List<string> Refusals, List<string> Reports, IReadOnlyList<string> Missing, long Calls, TimeSpan Elapsed);
}

/// <summary>What a case must not leave: descriptors, and threads of the library.</summary>
internal static class Rest
{
    /// <summary>The open descriptors and the library's threads. Files with a path count only below a directory: the runtime opens others
    /// whenever it loads code.</summary>
    public static List<string> Of(string directory)
    {
        List<string> all = [];
        foreach (string path in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            if (new FileInfo(path).LinkTarget is { } target
                && (!target.StartsWith('/') || target.StartsWith(directory, StringComparison.Ordinal)))
            {
                all.Add($"fd {Path.GetFileName(path)}: {target}");
            }
        }

        foreach (string path in Directory.GetDirectories("/proc/self/task"))
        {
            try
            {
                string name = File.ReadAllText(Path.Combine(path, "comm")).TrimEnd();
                if (name.StartsWith("vigil-", StringComparison.Ordinal))
                {
                    all.Add($"thread {Path.GetFileName(path)}: {name}");
                }
            }
            catch (IOException)
            {
                // It has ended.
            }
        }

        return all;
    }
}
