namespace Vigil;

/// <summary>One change that a <see cref="FileEvent"/> tells.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Path">
/// To which path, from the watched path on. Bytes of a name that are not UTF-8 are shown as the characters U+DC80 to U+DCFF, one a byte, so
/// that names stay distinct; <see cref="GetPathBytes"/> gives the bytes.
/// </param>
/// <param name="OldPath">Of a <see cref="FileChangeKind.Moved"/>, the path before; otherwise null.</param>
/// <param name="IsDirectory">Whether it is, or was, a directory. A symbolic link is none.</param>
public readonly record struct FileChange(FileChangeKind Kind, string Path, string? OldPath = null, bool IsDirectory = false)
{
    /// <summary>Of <see cref="FileChangeKind.Incomplete"/>, why; otherwise null.</summary>
    public EventManagerException? Reason { get; init; }

    /// <summary>
    /// Of a file that was found by looking, where <see cref="FileInterest.Written"/> was asked for: whether nobody can say if a writer has it open. Then no
    /// <see cref="FileChangeKind.Written"/> need follow; all other files that appear are told as written when they are complete.
    /// </summary>
    public bool IsWriterUnknown { get; init; }

    /// <summary>The path as the kernel has it, without a closing zero: for names that are not UTF-8, which the framework cannot open.</summary>
    public byte[] GetPathBytes() => FileName.Encode(Path);

    /// <summary>For logs.</summary>
    public override string ToString() => OldPath is null ? $"{Kind} {Path}" : $"{Kind} {OldPath} to {Path}";
}
