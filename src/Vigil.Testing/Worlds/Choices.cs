namespace Vigil.Testing;

/// <summary>
/// What the seed decides about order: who runs next, what is reported first, whether somebody runs while another sleeps. Where a run is
/// made smaller, most of it is left out: there everything takes its turn, and nobody is interrupted.
/// </summary>
/// <remarks>
/// A number is drawn for what is left out, too. So without one choice the random numbers of the others are the same. One of one is drawn
/// for the same reason, but is no choice: nothing would be smaller without it.
/// </remarks>
internal sealed class Choices
{
    // Of more than these a list says less than their number.
    private const int MaxNotes = 12;

    private readonly VirtualClock _clock;
    private readonly WorldRandom _random;
    private readonly RunReduction _reduction;
    private int _turn;

    /// <param name="clock">The world's clock.</param>
    /// <param name="random">Draws.</param>
    /// <param name="reduction">What is left out.</param>
    public Choices(VirtualClock clock, WorldRandom random, RunReduction reduction)
    {
        _clock = clock;
        _random = random;
        _reduction = reduction;
    }

    /// <summary>How many there were.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them the seed made.</summary>
    public int Kept { get; private set; }

    /// <summary>What the seed chose first, a line each, if that was asked for.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>One of several.</summary>
    /// <param name="bound">How many there are; 1 or more.</param>
    /// <param name="what">What is chosen, for people.</param>
    /// <returns>Its number, from 0.</returns>
    public int Next(int bound, string what)
    {
        int drawn = _random.Next(bound);
        return bound == 1 || Keeps(what, drawn, bound) ? drawn : _turn++ % bound;
    }

    /// <summary>Where something goes that may stay last.</summary>
    /// <param name="bound">How many places there are; 1 or more.</param>
    /// <param name="what">What is chosen, for people.</param>
    /// <returns>The place, from 0.</returns>
    public int NextOrLast(int bound, string what)
    {
        int drawn = _random.Next(bound);
        return bound == 1 || Keeps(what, drawn, bound) ? drawn : bound - 1;
    }

    /// <summary>Whether something happens that need not.</summary>
    /// <param name="times">It happens once in so many times.</param>
    /// <param name="what">What happens, for people.</param>
    public bool Happens(int times, string what) => _random.OneIn(times) && Keeps(what);

    private bool Keeps(string what, int drawn = 0, int bound = 0)
    {
        bool isKept = _reduction.Keeps(Count);
        Count++;
        if (!isKept)
        {
            return false;
        }

        Kept++;
        if (_reduction.TakesNotes && Notes.Count < MaxNotes)
        {
            string which = bound > 0 ? FormattableString.Invariant($": no. {drawn + 1} of {bound}") : "";
            Notes.Add(FormattableString.Invariant($"{_clock.NowNanoseconds / 1e9,14:F9} s  {what}{which}"));
        }

        return true;
    }
}
