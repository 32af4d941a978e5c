namespace Vigil;

/// <summary>
/// A name of a directory on which a single file is mounted, as containers have their configuration. What happens to the file is told by the directory that it was
/// mounted from, not by this one, so it has a watch of its own.
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
