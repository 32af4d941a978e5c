namespace Vigil;

/// <summary>
/// A name in a directory on which a single file is mounted, as for containers' configuration. Events of the file are reported by the
/// directory that it was mounted from, not by this one, so it has its own watch.
/// </summary>
internal sealed class MountedFile : WatchUser
{
    public MountedFile(DirectoryNode directory, string name)
        : base(directory.Tree)
    {
        Directory = directory;
        Name = name;
    }

    public DirectoryNode Directory { get; }

    public string Name { get; }

    public override bool IsDetached => Directory.IsDetached;
}
