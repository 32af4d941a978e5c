namespace Vigil;

/// <summary>What happened to a path that a <see cref="FileEvent"/> watches.</summary>
public enum FileChangeKind
{
    /// <summary>
    /// The path appeared: it was created, linked, or moved in from where the event does not look. What a directory holds that appeared in a
    /// watched tree is told in the same way, after it.
    /// </summary>
    Created,

    /// <summary>The file's contents changed, or another file was put in its place.</summary>
    Changed,

    /// <summary>The permissions, owner, times, extended attributes or number of links changed (<c>IN_ATTRIB</c>).</summary>
    AttributesChanged,

    /// <summary>A file that was open for writing was closed (<c>IN_CLOSE_WRITE</c>); told if <see cref="FileInterest.Written"/> was asked for.</summary>
    Written,

    /// <summary>The path is gone: deleted, or moved to where the event does not look. With a directory goes all that was below it.</summary>
    Deleted,

    /// <summary>
    /// <see cref="FileChange.OldPath"/> has become <see cref="FileChange.Path"/>, and with a directory all that is below it. What had the new name before
    /// is gone.
    /// </summary>
    Moved,

    /// <summary>The path is there, says a <see cref="FileEvent.Rescan"/>.</summary>
    Found,

    /// <summary>A <see cref="FileEvent.Rescan"/> is complete: everything that was there has been told as <see cref="Found"/>.</summary>
    Rescanned,

    /// <summary>The watched directory itself, or that of the watched file, was deleted. The event is over.</summary>
    RootDeleted,

    /// <summary>The watched directory itself, or that of the watched file, was moved; its new path is not known. The event is over.</summary>
    RootMoved,

    /// <summary>
    /// The file system that holds the path was unmounted. The event is over if the path is its own; otherwise a file system within its tree is
    /// gone, with all that was below the path.
    /// </summary>
    Unmounted,

    /// <summary>
    /// The kernel's queue was full (<c>/proc/sys/fs/inotify/max_queued_events</c>) and changes were lost. What appeared and disappeared is told
    /// after this; which contents changed is not known, so read anew what matters, or <see cref="FileEvent.Rescan"/>.
    /// </summary>
    Overflow,

    /// <summary>
    /// The directory cannot be watched, or not be read: <see cref="FileChange.Reason"/> says why. Nothing below it is told until that is remedied, and its
    /// permissions changed or a <see cref="FileEvent.Rescan"/> made.
    /// </summary>
    Incomplete,
}
