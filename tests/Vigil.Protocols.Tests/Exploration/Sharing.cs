using System.Numerics;

namespace Exploration;

/// <summary>Which threads use the places that have a name, over all executions. Names of the same place share one of these.</summary>
internal sealed class Sharing
{
    private uint _threads;
    private uint _writers;

    /// <summary>Whether the moments of its accesses matter: they are steps of their own.</summary>
    public bool IsVisible { get; private set; }

    /// <summary>Whether the program says that threads meet here, by <c>volatile</c>, <c>Volatile</c> or <c>Interlocked</c>.</summary>
    public bool IsDeclared { get; private set; }

    /// <summary>Notes an access.</summary>
    /// <returns>Whether that makes it visible.</returns>
    public bool Add(int thread, bool isStore, bool isDeclared)
    {
        _threads |= 1u << thread;
        _writers |= isStore ? 1u << thread : 0;
        IsDeclared |= isDeclared;
        return !IsVisible && IsDeclared && _writers != 0 && BitOperations.PopCount(_threads) > 1 && Reveal();
    }

    /// <summary>Takes over what is known of another that turns out to be the same.</summary>
    public void Merge(Sharing other)
    {
        _threads |= other._threads;
        _writers |= other._writers;
        IsVisible |= other.IsVisible;
        IsDeclared |= other.IsDeclared;
    }

    /// <summary>Two accesses of threads that did not know of each other have been seen.</summary>
    public bool Reveal()
    {
        bool isNew = !IsVisible;
        IsVisible = true;
        return isNew;
    }
}
