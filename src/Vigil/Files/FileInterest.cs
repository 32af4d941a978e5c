namespace Vigil;

/// <summary>What a <see cref="FileEvent"/> tells beside that paths appear, disappear and move.</summary>
[Flags]
public enum FileInterest
{
    /// <summary>Nothing more.</summary>
    None = 0,

    /// <summary>Contents: every write, as far as the kernel does not put several together (<see cref="FileChangeKind.Changed"/>).</summary>
    Contents = 1,

    /// <summary>Permissions, owners, times and the like (<see cref="FileChangeKind.AttributesChanged"/>).</summary>
    Attributes = 2,

    /// <summary>
    /// That a file is complete (<see cref="FileChangeKind.Written"/>): the time to read it. Of a file that is found by looking the kernel is asked whether it has a writer, for which it is
    /// opened for a moment.
    /// </summary>
    Written = 4,
}
