namespace Vigil;

/// <summary>What a tree watches: one of its directories, a name on its path, or a file mounted in it. It shares a kernel watch.</summary>
internal abstract class WatchUser
{
    protected WatchUser(FileTree tree) => Tree = tree;

    public FileTree Tree { get; }

    /// <summary>The kernel's watch; null if there is none.</summary>
    public DirectoryWatch? Watch { get; set; }

    /// <summary>
    /// Records from before this look (<see cref="WatchTable.BeginLook"/>) are older than what this user has seen by scanning. Otherwise
    /// half of an exchange could take away what a listing has found, if the other half went to a previous user of the directory.
    /// </summary>
    public long Since { get; set; }

    /// <summary>Whether it was watched before: a different watch then means another file, though it has the same path.</summary>
    public bool WasWatched { get; set; }

    /// <summary>Whether it has left its tree. Its watch is ended later.</summary>
    public abstract bool IsDetached { get; }
}
