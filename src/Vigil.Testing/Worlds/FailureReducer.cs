using System.Globalization;
using System.Text;

namespace Vigil.Testing;

/// <summary>
/// Finds what a failure takes: first which kinds of faults, then how many of the seed's choices, then which of these. A smaller run counts
/// if it fails by the same; for the faults, by anything.
/// </summary>
internal sealed class FailureReducer
{
    // How often the program is run, and how much may happen in all, to leave out choices: some seconds. A run that fails is seldom long.
    private const int MaxAttempts = 200;
    private const long MaxEffort = 2_000_000;

    private readonly Func<RunReduction, (World World, Exception? Failure)> _run;
    private int _attempts;
    private long _effort;

    /// <param name="run">Runs the failed seed, with something left out.</param>
    /// <param name="failed">The failed run.</param>
    /// <param name="failure">Its failure.</param>
    public FailureReducer(Func<RunReduction, (World World, Exception? Failure)> run, World failed, Exception failure)
    {
        _run = run;
        World = failed;
        Failure = failure;
        ChoicesOfAll = failed.Choices.Count;
    }

    /// <summary>The smallest run that was found.</summary>
    public World World { get; private set; }

    /// <summary>What it failed by.</summary>
    public Exception Failure { get; private set; }

    private int ChoicesOfAll { get; set; }

    private RunReduction Reduction { get; set; } = RunReduction.None;

    private bool IsOutOfTime => _attempts >= MaxAttempts || _effort >= MaxEffort;

    /// <summary>Makes the run smaller.</summary>
    public void Reduce()
    {
        LeaveOutFaults();
        (_attempts, _effort) = (0, World.Effort);
        ChoicesOfAll = World.Choices.Count;
        Shorten();
        LeaveOutChoices();
        if (Reduction != RunReduction.None)
        {
            TryAccept(Reduction with { TakesNotes = true }, isSame: true);
        }
    }

    /// <summary>What it takes, for the message.</summary>
    public string Describe()
    {
        StringBuilder text = new(World.Faults.Active == FaultKinds.None
            ? "It takes no fault to happen"
            : $"It takes {World.Faults.Active} to happen");
        if (!Reduction.TakesNotes)
        {
            return text.Append('.').ToString();
        }

        int kept = World.Choices.Kept;
        text.Append(
            CultureInfo.InvariantCulture,
            $", and {kept} of the {ChoicesOfAll} choices of the seed{(kept == 0 ? "." : "; everything else takes its turn:")}");
        foreach (string note in World.Choices.Notes)
        {
            text.Append("\n  ").Append(note);
        }

        return kept == World.Choices.Notes.Count ? text.ToString() : text.Append("\n  …").ToString();
    }

    // One after the other, as long as the run still fails, until none can be left out.
    private void LeaveOutFaults()
    {
        bool isSmaller;
        do
        {
            isSmaller = false;
            for (int bit = 1; bit <= (int)FaultKinds.All; bit <<= 1)
            {
                var kind = (FaultKinds)bit;
                if ((World.Faults.Active & kind) != FaultKinds.None)
                {
                    isSmaller |= TryAccept(Reduction with { Masked = Reduction.Masked | kind }, isSame: false);
                }
            }
        }
        while (isSmaller);
    }

    // Halves the number of choices, as long as that is possible.
    private void Shorten()
    {
        int least = 0;
        int most = World.Choices.Count;
        while (least < most && !IsOutOfTime)
        {
            int middle = least + ((most - least) / 2);
            if (TryAccept(Reduction with { Length = middle }, isSame: true))
            {
                most = middle;
            }
            else
            {
                least = middle + 1;
            }
        }

        Reduction = Reduction with { Length = most };
    }

    // In parts that become smaller: a part that is not needed goes at once. Single choices are tried until none goes, because one may be
    // needed only as long as another is made.
    private void LeaveOutChoices()
    {
        int length = Reduction.Length;
        for (int part = Math.Max(length / 2, 1); length > 0; part = Math.Max(part / 2, 1))
        {
            bool isSmaller = false;
            for (int start = 0; start < length; start += part)
            {
                HashSet<int> omitted = [.. Reduction.Omitted, .. Enumerable.Range(start, Math.Min(part, length - start))];
                if (omitted.Count == Reduction.Omitted.Count)
                {
                    continue;
                }

                if (IsOutOfTime)
                {
                    return;
                }

                isSmaller |= TryAccept(Reduction with { Omitted = omitted }, isSame: true);
            }

            if (part == 1 && !isSmaller)
            {
                return;
            }
        }
    }

    private bool TryAccept(RunReduction reduction, bool isSame)
    {
        (World world, Exception? failure) = _run(reduction);
        _attempts++;
        _effort += world.Effort;
        if (failure is null || (isSame && !string.Equals(SignatureOf(failure), SignatureOf(Failure), StringComparison.Ordinal)))
        {
            return false;
        }

        (World, Failure, Reduction) = (world, failure, reduction);
        return true;
    }

    // The type and the first line, without numbers, which may differ in a smaller run.
    private static string SignatureOf(Exception failure)
    {
        StringBuilder text = new(failure.GetType().FullName);
        foreach (char letter in failure.Message)
        {
            if (letter == '\n')
            {
                break;
            }

            if (!char.IsAsciiDigit(letter))
            {
                text.Append(letter);
            }
        }

        return text.ToString();
    }
}
