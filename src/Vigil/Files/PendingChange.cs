namespace Vigil;

/// <summary>What has happened to a name of a directory since it was last told of.</summary>
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

    /// <summary>Whether it was there when it was last told of.</summary>
    public bool Existed { get; }

    /// <summary>Whether it is there now.</summary>
    public bool Exists { get; private set; }

    public bool WasDirectory { get; }

    public bool IsDirectory { get; private set; }

    /// <summary>Whether it is there, and whoever listens knows nothing by the name, or a directory with contents that are not the new one's.</summary>
    public bool IsNew => Exists && (!Existed || _isReplaced || WasDirectory != IsDirectory);

    /// <summary>When it has been quiet for long enough.</summary>
    public long Deadline { get; set; }

    /// <summary>What to call it if it was there before and is there now: the most that has happened; null if it was closed by a writer and no more.</summary>
    public FileChangeKind? Kind { get; private set; }

    /// <summary>Whether a writer has closed it since its contents last changed.</summary>
    public bool IsWritten { get; private set; }

    /// <summary>Whether it was found by looking and nobody knows of a writer.</summary>
    public bool IsWriterUnknown { get; private set; }

    /// <summary>The new name, if being renamed is all that has happened.</summary>
    public PendingChange? MovedTo { get; set; }

    /// <summary>The name before, if being renamed is all that has happened.</summary>
    public PendingChange? MovedFrom { get; set; }

    private bool _isReplaced;

    /// <summary>It is there, and not what was there before.</summary>
    public void Create(bool isDirectory, bool isWriterUnknown = false)
    {
        Exists = true;
        IsDirectory = isDirectory;
        Kind = FileChangeKind.Changed;
        IsWritten = false;
        IsWriterUnknown = isWriterUnknown;
    }

    /// <summary>It is gone. Of a directory that was known, the next to come by the name is another.</summary>
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
