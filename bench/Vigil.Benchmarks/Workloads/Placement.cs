namespace Vigil.Benchmarks.Workloads;

/// <summary>On which processors two threads run that wake each other. The C driver has the same numbers.</summary>
internal enum Placement
{
    /// <summary>Wherever the kernel puts them, which is on one processor or on two, and changes from round to round.</summary>
    Anywhere = 0,

    /// <summary>On two: a wake-up ends the sleep of a processor.</summary>
    Apart = 1,

    /// <summary>On one: a wake-up is a switch from one thread to the other.</summary>
    Together = 2,
}
