namespace Vigil;

/// <summary>One change that a <see cref="FileEvent"/> reports.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Path">
/// The path concerned, beginning with the watched path. Bytes of a name that are not UTF-8 appear as the characters U+DC80 to U+DCFF, one
/// per byte, so that names stay distinct; <see cref="GetPathBytes"/> returns the bytes.
/// </param>
/// <param name="OldPath">For <see cref="FileChangeKind.Moved"/>, the previous path; otherwise null.</param>
/// <param name="IsDirectory">Whether it is, or was, a directory. A symbolic link is not.</param>
public readonly record struct FileChange(FileChangeKind Kind, string Path, string? OldPath = null, bool IsDirectory = false)
{
    /// <summary>For <see cref="FileChangeKind.Incomplete"/>, the reason; otherwise null.</summary>
    public EventManagerException? Reason { get; init; }

    /// <summary>
    /// For a file that a scan found, with <see cref="FileInterest.Written"/>: whether it is unknown if a writer has it open. Then
    /// <see cref="FileChangeKind.Written"/> may not follow; all other files that appear are reported as written when they are complete.
    /// </summary>
    public bool IsWriterUnknown { get; init; }

    /// <summary>
    /// The path as the kernel has it, without a closing zero: for names that are not UTF-8, which the framework cannot open.
    /// </summary>
    public byte[] GetPathBytes() => FileName.Encode(Path);

    /// <summary>For logs.</summary>
    public override string ToString() => OldPath is null ? $"{Kind} {Path}" : $"{Kind} {OldPath} to {Path}";
}
