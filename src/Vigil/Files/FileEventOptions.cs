namespace Vigil;

/// <summary>The options of a <see cref="FileEvent"/>. Copied and checked when it is created.</summary>
public sealed class FileEventOptions : CallbackEventOptions
{
    private const FileInterest AnyInterest = FileInterest.Contents | FileInterest.Attributes | FileInterest.Written;

    /// <summary>
    /// Whether to watch everything below the directory, too, including directories that appear later. Takes one kernel watch for each
    /// directory. Default: false.
    /// </summary>
    public bool Recursive { get; set; }

    /// <summary>What to report besides paths that appear, disappear and move. Default: contents and attributes.</summary>
    public FileInterest Interest { get; set; } = FileInterest.Contents | FileInterest.Attributes;

    /// <summary>
    /// How long a path must be quiet before the result is reported as one change; zero, the default, reports everything at
    /// once. With it an editor's save is one <see cref="FileChangeKind.Changed"/>, however the editor saves. A path that is never quiet is
    /// never reported. Measured by the manager's clock.
    /// </summary>
    public TimeSpan Debounce { get; set; }

    /// <summary>
    /// Whether the event continues when the watched directory, or that of the watched file, is deleted, moved or unmounted, or when its
    /// path leads to another one: by an exchange of names, or a changed link. That is reported as usual
    /// (<see cref="FileChangeKind.RootDeleted"/>, <see cref="FileChangeKind.RootMoved"/>, <see cref="FileChangeKind.Unmounted"/>), and
    /// everything below the path is gone. When the path leads to a directory again, that is reported as
    /// <see cref="FileChangeKind.Created"/> with its contents. Takes one kernel watch for each directory above the path. Default: false,
    /// the event ends.
    /// </summary>
    public bool FollowPath { get; set; }

    internal FileEventOptions Validate()
    {
        var copy = (FileEventOptions)MemberwiseClone();
        if (copy.Debounce < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(
                "options.Debounce", copy.Debounce, "A debounce time is zero (report everything at once) or more.");
        }

        if ((copy.Interest & ~AnyInterest) != FileInterest.None)
        {
            throw new ArgumentOutOfRangeException(
                "options.Interest", copy.Interest, "An interest is made of Contents, Attributes and Written.");
        }

        return copy;
    }
}
