namespace Vigil;

/// <summary>What has happened to a name of a directory since its last report.</summary>
internal sealed class PendingChange
{
    public PendingChange(DirectoryNode directory, string name, bool existed, bool wasDirectory)
    {
        Directory = directory;
        Name = name;
        Existed = existed;
        Exists = existed;
        WasDirectory = wasDirectory;
        IsDirectory = wasDirectory;
    }

    public DirectoryNode Directory { get; }

    public string Name { get; }

    public string Path => Directory.PathOf(Name);

    /// <summary>Whether it existed at its last report.</summary>
    public bool Existed { get; }

    /// <summary>Whether it exists now.</summary>
    public bool Exists { get; private set; }

    public bool WasDirectory { get; }

    public bool IsDirectory { get; private set; }

    /// <summary>
    /// Whether it exists, and the listener knows nothing by the name, or a directory with contents that are not the new one's.
    /// </summary>
    public bool IsNew => Exists && (!Existed || _isReplaced || WasDirectory != IsDirectory);

    /// <summary>When it has been quiet for long enough.</summary>
    public long Deadline { get; set; }

    /// <summary>
    /// The kind to report if it existed before and exists now: the most important one; null if a writer has closed it and nothing else
    /// happened.
    /// </summary>
    public FileChangeKind? Kind { get; private set; }

    /// <summary>Whether a writer has closed it since its contents last changed.</summary>
    public bool IsWritten { get; private set; }

    /// <summary>Whether a scan found it and it is unknown if it has a writer.</summary>
    public bool IsWriterUnknown { get; private set; }

    /// <summary>The new name, if a rename is all that has happened.</summary>
    public PendingChange? MovedTo { get; set; }

    /// <summary>The old name, if a rename is all that has happened.</summary>
    public PendingChange? MovedFrom { get; set; }

    private bool _isReplaced;

    /// <summary>It exists, and is not what existed before.</summary>
    public void Create(bool isDirectory, bool isWriterUnknown = false)
    {
        Exists = true;
        IsDirectory = isDirectory;
        Kind = FileChangeKind.Changed;
        IsWritten = false;
        IsWriterUnknown = isWriterUnknown;
    }

    /// <summary>It is gone. If a known directory is gone, the next one by the name is another.</summary>
    public void Delete()
    {
        Exists = false;
        _isReplaced |= Existed && WasDirectory;
    }

    public void Note(FileChangeKind kind)
    {
        Exists = true;
        if (kind == FileChangeKind.Written)
        {
            IsWritten = true;
            IsWriterUnknown = false;
            return;
        }

        IsWritten &= kind != FileChangeKind.Changed;
        Kind = Kind == FileChangeKind.Changed ? Kind : kind;
    }

    public void ForgetMove()
    {
        MovedTo?.MovedFrom = null;
        MovedFrom?.MovedTo = null;
        MovedTo = null;
        MovedFrom = null;
    }
}
