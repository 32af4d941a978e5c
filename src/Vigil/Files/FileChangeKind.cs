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

    /// <summary>The permissions, owner, times or extended attributes changed (<c>IN_ATTRIB</c>).</summary>
    AttributesChanged,

    /// <summary>
    /// A file is complete: a writer has closed it (<c>IN_CLOSE_WRITE</c>), or it appeared while nobody had it open for writing. Told if
    /// <see cref="FileInterest.Written"/> was asked for; docs/files.md says when.
    /// </summary>
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

    /// <summary>
    /// The watched directory itself, or that of the watched file, was deleted, or another directory has its name. The event is over, unless
    /// <see cref="FileEventOptions.FollowPath"/> is set: then all that was below the path is gone.
    /// </summary>
    RootDeleted,

    /// <summary>
    /// The watched directory itself, or that of the watched file, was moved, and its new path is not known; or the path leads elsewhere, by a link that was set anew or a mount over
    /// it. The event is over, unless <see cref="FileEventOptions.FollowPath"/> is set: then all that was below the path is gone.
    /// </summary>
    RootMoved,

    /// <summary>
    /// What was mounted on the path was unmounted. If that took the watched directory away, the event is over, unless
    /// <see cref="FileEventOptions.FollowPath"/> is set; otherwise all that was below the path is gone, and what can be seen there now is told after this.
    /// </summary>
    Unmounted,

    /// <summary>
    /// The kernel's queue was full (<c>/proc/sys/fs/inotify/max_queued_events</c>) and changes were lost. What appeared and disappeared is told
    /// after this; which contents changed is not known, so read anew what matters, or <see cref="FileEvent.Rescan"/>.
    /// </summary>
    Overflow,

    /// <summary>
    /// The directory cannot be watched, or not be read, or it cannot be seen whether the watched file is there: <see cref="FileChange.Reason"/> says why. What is
    /// known stays known; nothing else below it is told until that is remedied, and its permissions changed or a <see cref="FileEvent.Rescan"/> made. Of a
    /// single file that is mounted in a directory: its contents cannot be watched.
    /// </summary>
    Incomplete,
}
