namespace Vigil;

/// <summary>Whoever wants the records of one of the kernel's watches, for a tree.</summary>
internal abstract class WatchUser
{
    protected WatchUser(FileTree tree) => Tree = tree;

    public FileTree Tree { get; }

    /// <summary>The kernel's watch, or null while there is none.</summary>
    public DirectoryWatch? Watch { get; set; }

    /// <summary>
    /// Records from before this look (<see cref="WatchTable.BeginLook"/>) are older than what this user has seen by looking. A half of an exchange would take away what a listing has found, if the other half
    /// went to somebody else who had the directory before.
    /// </summary>
    public long Since { get; set; }

    /// <summary>Whether a watch was had at some time: another one is another file's then, though it has the same path.</summary>
    public bool WasWatched { get; set; }

    /// <summary>Whether it has left its tree. Its watch is ended later.</summary>
    public abstract bool IsDetached { get; }
}
