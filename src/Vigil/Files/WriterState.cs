namespace Vigil;

/// <summary>What is known of a file's writers.</summary>
internal enum WriterState
{
    /// <summary>It is no regular file, or is gone.</summary>
    NoFile,

    /// <summary>It is not open for writing: it is complete.</summary>
    None,

    /// <summary>It is open for writing, and the end of that will be reported.</summary>
    Some,

    /// <summary>It cannot be determined.</summary>
    Unknown,
}
