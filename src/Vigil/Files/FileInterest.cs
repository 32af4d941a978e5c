namespace Vigil;

/// <summary>What a <see cref="FileEvent"/> reports besides paths that appear, disappear and move.</summary>
[Flags]
public enum FileInterest
{
    /// <summary>Nothing more.</summary>
    None = 0,

    /// <summary>Contents: every write, as far as the kernel does not merge several (<see cref="FileChangeKind.Changed"/>).</summary>
    Contents = 1,

    /// <summary>Permissions, owners, times and the like (<see cref="FileChangeKind.AttributesChanged"/>).</summary>
    Attributes = 2,

    /// <summary>
    /// That a file is complete (<see cref="FileChangeKind.Written"/>): the time to read it. For a file that a scan finds, the kernel is
    /// asked whether it has a writer, for which it is opened briefly.
    /// </summary>
    Written = 4,
}
