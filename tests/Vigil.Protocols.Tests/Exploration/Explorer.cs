using System.Reflection;

namespace Exploration;

/// <summary>What an exploration has covered.</summary>
/// <param name="States">The number of distinct states in which there was a choice.</param>
/// <param name="Executions">How often the program was run, or begun.</param>
/// <param name="Outcomes">How many executions went to the end, each in a way of its own.</param>
internal sealed record Coverage(int States, int Executions, int Outcomes);

/// <summary>
/// Runs a scenario in every way in which its threads and their store buffers can take turns, and checks its property at each end.
/// </summary>
/// <remarks>
/// <para>Depth first, by running the program again: the choices up to the last one that has an alternative are repeated, then the
/// alternative is taken. An execution that arrives in a state that was seen before is not continued: what follows is the same. A state is
/// recognised by what each thread has read, from which its whole past follows, and by which stores are in memory.</para>
/// <para>It begins with the assumption that threads share nothing. When an execution shows that they do, that place is added, and the
/// exploration begins anew: a place accessed by <c>Volatile</c> or <c>Interlocked</c> when two threads use it and one of them stores,
/// another one when two accesses race.</para>
/// </remarks>
internal sealed class Explorer
{
    // An execution allocates some ten kilobytes.
    private const long MemoryWithoutCollection = 128L << 20;
    private const long MemoryBeforeRenewal = 64L << 20;

    private readonly Func<Scenario> _create;
    private readonly FieldInfo[] _threadStatics;
    private readonly Dictionary<string, Sharing> _sharing = new(StringComparer.Ordinal);
    private readonly HashSet<UInt128> _seen = [];
    private readonly List<Choice> _path = [];
    private readonly Machine _machine;
    private int _depth;

    private Explorer(Func<Scenario> create, Machine machine)
    {
        _create = create;
        _machine = machine;
        _threadStatics = ThreadStaticsOf(create().GetType().Assembly);
    }

    /// <summary>Explores a scenario.</summary>
    /// <param name="create">Makes a new one for each execution.</param>
    /// <param name="machine">The memory, and how states are recognised.</param>
    /// <exception cref="PropertyViolatedException">An execution violates the property, or never ends.</exception>
    public static Coverage Explore(Func<Scenario> create, Machine machine = Machine.Exact) => new Explorer(create, machine).Explore();

    private Coverage Explore()
    {
        int executions = 0;
        int outcomes = 0;
        int threads = _create().Threads.Count;
        using var execution = new Execution(threads, Choose, _sharing, _threadStatics, _machine);
        using var still = new StillHeap(MemoryWithoutCollection);
        do
        {
            still.RenewAfter(MemoryBeforeRenewal);
            if (_seen.Capacity - _seen.Count <= Execution.MostSteps)
            {
                // Not in the middle of an execution: a large allocation would be the collector's turn.
                still.Interrupt(() => _seen.EnsureCapacity(2 * (_seen.Count + Execution.MostSteps)));
            }

            Scenario scenario = _create();
            _depth = 0;
            execution.Run(scenario);
            executions++;
            if (execution.HasLearned)
            {
                _seen.Clear();
                _path.Clear();
                outcomes = 0;
                continue;
            }

            if (execution.Failure is { } failure)
            {
                throw Violation(execution, failure, execution.Exception);
            }

            if (!execution.IsOver)
            {
                outcomes++;
                Check(scenario, execution);
            }
        }
        while (execution.HasLearned || TryGoBack());
        return new Coverage(_seen.Count, executions, outcomes);
    }

    private static FieldInfo[] ThreadStaticsOf(Assembly assembly) => assembly == typeof(Explorer).Assembly
        ? []
        : [.. assembly.GetTypes()
            .Where(type => !type.ContainsGenericParameters)
            .SelectMany(type => type.GetFields(
                BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => field.IsDefined(typeof(ThreadStaticAttribute)))];

    private void Check(Scenario scenario, Execution execution)
    {
        try
        {
            scenario.Check();
        }
        catch (Exception exception)
        {
            throw Violation(execution, exception.Message, exception);
        }
    }

    // Runs the same execution once more and writes down what happens.
    private PropertyViolatedException Violation(Execution execution, string failure, Exception? exception)
    {
        var trace = new List<string>();
        execution.Trace = trace;
        _depth = 0;
        execution.Run(_create());
        return new PropertyViolatedException(
            $"{failure}{Environment.NewLine}{string.Join(Environment.NewLine, trace.Select(step => $"  {step}"))}", exception);
    }

    private int Choose(Execution execution, List<int> steps)
    {
        if (_depth == _path.Count)
        {
            if (!_seen.Add(execution.State))
            {
                return -1;
            }

            _path.Add(new Choice([.. steps]));
        }

        Choice choice = _path[_depth++];
        if (!steps.SequenceEqual(choice.Steps))
        {
            execution.Fail("the program does not repeat: the same choices led to other steps", exception: null);
            return -1;
        }

        return choice.Steps[choice.Taken];
    }

    private bool TryGoBack()
    {
        while (_path.Count > 0)
        {
            Choice last = _path[^1];
            if (++last.Taken < last.Steps.Length)
            {
                return true;
            }

            _path.RemoveAt(_path.Count - 1);
        }

        return false;
    }

    private sealed class Choice(int[] steps)
    {
        public int[] Steps => steps;

        public int Taken { get; set; }
    }
}
