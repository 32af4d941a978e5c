namespace Vigil.Files;

/// <summary>
/// A directory that is being listed, a few entries at a time. Events of entries that come meanwhile are newer than what
/// the listing may have in store, so it leaves alone whatever an event has touched since it began.
/// </summary>
internal sealed class DirectoryScan : IDisposable
{
    private readonly DirectoryReader _reader;
    private readonly HashSet<string> _unseen;
    private HashSet<string>? _touched;

    public DirectoryScan(DirectoryReader reader, ScanWork work, IEnumerable<string> known)
    {
        _reader = reader;
        Work = work;
        _unseen = new HashSet<string>(known, StringComparer.Ordinal);
    }

    public ScanWork Work { get; }

    /// <summary>Names that were known before, and are not among those that were read, nor touched by an event.</summary>
    public IEnumerable<string> Unseen => _unseen;

    public void Touch(string name)
    {
        (_touched ??= new HashSet<string>(StringComparer.Ordinal)).Add(name);
        _unseen.Remove(name);
    }

    public bool IsTouched(string name) => _touched is not null && _touched.Contains(name);

    /// <summary>What ended the reading before the directory's end, or nothing.</summary>
    public int Errno { get; private set; }

    public bool TryRead(out string name, out bool isDirectory)
    {
        bool hasRead = _reader.TryRead(out name, out isDirectory, out int errno);
        Errno = errno;
        if (hasRead)
        {
            _unseen.Remove(name);
        }

        return hasRead;
    }

    public void Dispose() => _reader.Dispose();
}
