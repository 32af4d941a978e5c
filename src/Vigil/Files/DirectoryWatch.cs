namespace Vigil;

/// <summary>
/// A watch of the kernel's and those who share it: there is one for each directory or file, whatever the number of trees that
/// contain it and of paths that lead to it.
/// </summary>
internal sealed class DirectoryWatch
{
    public DirectoryWatch(int number, long since)
    {
        Number = number;
        Since = since;
    }

    public int Number { get; }

    /// <summary>Records from before this position belong to an earlier watch that had the same number.</summary>
    public long Since { get; }

    public List<WatchUser> Users { get; } = [];
}
