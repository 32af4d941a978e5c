namespace Vigil;

/// <summary>What happened to a path that a <see cref="FileEvent"/> watches.</summary>
public enum FileChangeKind
{
    /// <summary>
    /// The path appeared: it was created, linked, or moved in from outside the watched paths. The contents of a directory that appeared in
    /// a watched tree are reported in the same way, after it.
    /// </summary>
    Created,

    /// <summary>The file's contents changed, or another file replaced it.</summary>
    Changed,

    /// <summary>The permissions, owner, times or extended attributes changed (<c>IN_ATTRIB</c>).</summary>
    AttributesChanged,

    /// <summary>
    /// A file is complete: a writer has closed it (<c>IN_CLOSE_WRITE</c>), or it appeared while nobody had it open for writing. Requires
    /// <see cref="FileInterest.Written"/>; docs/files.md says when.
    /// </summary>
    Written,

    /// <summary>The path is gone: deleted, or moved outside the watched paths. A directory takes everything below it with it.</summary>
    Deleted,

    /// <summary>
    /// <see cref="FileChange.OldPath"/> has become <see cref="FileChange.Path"/>, for a directory with everything below it. What had the
    /// new name before is gone.
    /// </summary>
    Moved,

    /// <summary>A <see cref="FileEvent.Rescan"/> found the path.</summary>
    Found,

    /// <summary>A <see cref="FileEvent.Rescan"/> is complete: all existing paths have been reported as <see cref="Found"/>.</summary>
    Rescanned,

    /// <summary>
    /// The watched directory itself, or that of the watched file, was deleted, or another directory has its name. The event has ended,
    /// unless <see cref="FileEventOptions.FollowPath"/> is set: then everything below the path is gone.
    /// </summary>
    RootDeleted,

    /// <summary>
    /// The watched directory itself, or that of the watched file, was moved, and its new path is not known; or the path leads elsewhere,
    /// because a link was changed or a file system mounted over it. The event has ended, unless <see cref="FileEventOptions.FollowPath"/>
    /// is set: then everything below the path is gone.
    /// </summary>
    RootMoved,

    /// <summary>
    /// A file system was unmounted from the path. If it contained the watched directory, the event has ended, unless
    /// <see cref="FileEventOptions.FollowPath"/> is set; otherwise everything below the path is gone, and what is visible there now is
    /// reported next.
    /// </summary>
    Unmounted,

    /// <summary>
    /// The kernel's queue was full (<c>/proc/sys/fs/inotify/max_queued_events</c>) and changes were lost. What appeared and disappeared is
    /// reported next. Which contents changed is not known, so read what matters again, or <see cref="FileEvent.Rescan"/>.
    /// </summary>
    Overflow,

    /// <summary>
    /// The directory cannot be watched or read, or it is unknown whether the watched file exists: <see cref="FileChange.Reason"/> says why.
    /// What is known stays known. Nothing else below it is reported until the cause is fixed, and its permissions changed or a
    /// <see cref="FileEvent.Rescan"/> made. For a single file that is mounted in a directory: its contents cannot be watched.
    /// </summary>
    Incomplete,
}
