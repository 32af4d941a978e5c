namespace Exploration;

/// <summary>
/// A small concurrent program and the property that it must have. Each execution gets a new object. The threads share nothing but the
/// objects under test: what a thread finds out it keeps in a field that no other thread touches, and <see cref="Check"/> compares. So the
/// outcome depends only on what each thread has read, which is what the explorer recognises a state by.
/// </summary>
internal abstract class Scenario
{
    /// <summary>The threads, in the order of their numbers.</summary>
    public abstract IReadOnlyList<Action> Threads { get; }

    /// <summary>Throws if the property does not hold. Called when all threads have ended and all their stores are in memory.</summary>
    public abstract void Check();
}
