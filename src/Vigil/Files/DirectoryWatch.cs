namespace Vigil;

/// <summary>
/// A kernel watch and its users. There is one for each directory or file, however many trees contain it and paths lead to it.
/// </summary>
internal sealed class DirectoryWatch
{
    public DirectoryWatch(int number, long since)
    {
        Number = number;
        Since = since;
    }

    public int Number { get; }

    /// <summary>Records before this position belong to an earlier watch with the same number.</summary>
    public long Since { get; }

    public List<WatchUser> Users { get; } = [];
}
