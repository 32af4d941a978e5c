namespace Vigil.Benchmarks.Workloads;

/// <summary>The processors of two threads that wake each other. The C driver has the same numbers.</summary>
internal enum Placement
{
    /// <summary>Wherever the kernel places them: on one processor or on two, changing from round to round.</summary>
    Anywhere = 0,

    /// <summary>On two: a wake-up ends the sleep of a processor.</summary>
    Apart = 1,

    /// <summary>On one: a wake-up is a switch from one thread to the other.</summary>
    Together = 2,
}
