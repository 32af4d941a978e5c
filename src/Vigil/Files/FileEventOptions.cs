namespace Vigil;

/// <summary>How a <see cref="FileEvent"/> watches. Copied and checked when it is created.</summary>
public sealed class FileEventOptions : CallbackEventOptions
{
    private const FileInterest AnyInterest = FileInterest.Contents | FileInterest.Attributes | FileInterest.Written;

    /// <summary>
    /// Whether everything below the directory is watched, too, directories that appear later included. Takes one of the kernel's watches for each
    /// directory. Default: false.
    /// </summary>
    public bool Recursive { get; set; }

    /// <summary>What is told beside that paths appear, disappear and move. Default: contents and attributes.</summary>
    public FileInterest Interest { get; set; } = FileInterest.Contents | FileInterest.Attributes;

    /// <summary>
    /// For how long nothing must have happened to a path before what has become of it is told, as one change; zero, the default, tells everything at
    /// once. An editor's save is one <see cref="FileChangeKind.Changed"/> then, however it saves. A path that is never quiet is never told.
    /// Measured by the manager's clock.
    /// </summary>
    public TimeSpan Debounce { get; set; }

    /// <summary>
    /// Whether the event goes on when the watched directory, or that of the watched file, is deleted, moved, unmounted, or when its path leads to another one: a swap by
    /// rename, or a link that is set anew. It is told as ever (<see cref="FileChangeKind.RootDeleted"/>, <see cref="FileChangeKind.RootMoved"/>,
    /// <see cref="FileChangeKind.Unmounted"/>), and what was below the path is gone; when the path leads to a directory again, that is told as
    /// <see cref="FileChangeKind.Created"/> with what it holds. Takes one of the kernel's watches for each directory above the path. Default: false, the event is over.
    /// </summary>
    public bool FollowPath { get; set; }

    internal FileEventOptions Validate()
    {
        var copy = (FileEventOptions)MemberwiseClone();
        if (copy.Debounce < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException("options.Debounce", copy.Debounce, "A debounce time is zero (tell everything at once) or more.");
        }

        if ((copy.Interest & ~AnyInterest) != FileInterest.None)
        {
            throw new ArgumentOutOfRangeException("options.Interest", copy.Interest, "An interest is made of Contents, Attributes and Written.");
        }

        return copy;
    }
}
