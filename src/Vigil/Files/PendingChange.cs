namespace Vigil.Files;

/// <summary>What has happened to a path since it was last told of.</summary>
internal sealed class PendingChange
{
    public PendingChange(string path, bool existed, bool wasDirectory)
    {
        Path = path;
        Existed = existed;
        Exists = existed;
        WasDirectory = wasDirectory;
        IsDirectory = wasDirectory;
    }

    public string Path { get; }

    /// <summary>Whether it was there before.</summary>
    public bool Existed { get; }

    /// <summary>Whether it is there now.</summary>
    public bool Exists { get; set; }

    public bool WasDirectory { get; }

    public bool IsDirectory { get; private set; }

    /// <summary>When it has been quiet for long enough.</summary>
    public long Deadline { get; set; }

    /// <summary>What to call it if it was there before and is there now: the most that has happened.</summary>
    public FileChangeKind Kind { get; private set; } = FileChangeKind.AttributesChanged;

    /// <summary>The new name, if being renamed is all that has happened.</summary>
    public PendingChange? MovedTo { get; set; }

    /// <summary>The name before, if being renamed is all that has happened.</summary>
    public PendingChange? MovedFrom { get; set; }

    /// <summary>It is there, and not what was there before.</summary>
    public void Create(bool isDirectory)
    {
        Exists = true;
        IsDirectory = isDirectory;
        Kind = FileChangeKind.Changed;
    }

    public void Note(FileChangeKind kind)
    {
        Exists = true;
        if (kind == FileChangeKind.Changed || Kind == FileChangeKind.AttributesChanged)
        {
            Kind = kind;
        }
    }

    public void ForgetMove()
    {
        MovedTo?.MovedFrom = null;
        MovedFrom?.MovedTo = null;
        MovedTo = null;
        MovedFrom = null;
    }
}
