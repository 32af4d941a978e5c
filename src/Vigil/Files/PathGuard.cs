using Vigil.Interop;

namespace Vigil;

/// <summary>A name on the path to a tree's root, watched in the directory that contains it.</summary>
internal sealed class PathGuard : WatchUser
{
    public PathGuard(FileTree tree, string directory, string name)
        : base(tree)
    {
        Directory = directory;
        Name = name;
    }

    public string Directory { get; }

    public string Name { get; }

    public override bool IsDetached => Tree.IsOver;

    /// <summary>Whether a record says that the name, or its directory, may lead elsewhere now.</summary>
    public bool IsConcerned(in InotifyRecord record) => record.Name is null
        ? record.Has(InotifyNative.IN_DELETE_SELF | InotifyNative.IN_MOVE_SELF | InotifyNative.IN_UNMOUNT | InotifyNative.IN_IGNORED)
        : record.Has(InotifyNative.IN_CREATE | InotifyNative.IN_DELETE | InotifyNative.IN_MOVED_FROM | InotifyNative.IN_MOVED_TO)
            && string.Equals(record.Name, Name, StringComparison.Ordinal);
}
