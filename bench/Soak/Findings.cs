namespace Soak;

/// <summary>What is wrong. Any thread.</summary>
internal sealed class Findings
{
    // One defect may show a thousand times.
    private const int Kept = 50;

    private readonly Lock _lock = new();
    private readonly List<string> _wrong = [];
    private int _left;

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _wrong.Count == 0;
            }
        }
    }

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_lock)
            {
                return _left == 0 ? [.. _wrong] : [.. _wrong, $"{_left} more of these"];
            }
        }
    }

    public void Add(string wrong)
    {
        lock (_lock)
        {
            if (_wrong.Count == Kept)
            {
                _left++;
                return;
            }

            _wrong.Add(wrong);
        }

        Console.Error.WriteLine($"Soak: wrong: {wrong}");
    }

    /// <summary>Adds what is wrong unless a condition holds.</summary>
    public void Require(bool condition, string wrong)
    {
        if (!condition)
        {
            Add(wrong);
        }
    }
}
