using Vigil.Interop;

namespace Vigil;

/// <summary>
/// A directory that is being listed, a few entries at a time. Events that arrive meanwhile are newer than
/// the remaining listing, so it skips all names that an event has touched since it began.
/// </summary>
internal sealed class DirectoryScan : IDisposable
{
    private readonly DirectoryReader _reader;

    // Null if nothing is known about the directory: then nothing can be missing.
    private readonly HashSet<string>? _seen;
    private HashSet<string>? _touched;
    private Queue<string>? _missing;

    public DirectoryScan(DirectoryReader reader, ScanWork work, bool isKnown)
    {
        _reader = reader;
        Work = work;
        _seen = isKnown ? new HashSet<string>(StringComparer.Ordinal) : null;
    }

    public ScanWork Work { get; }

    /// <summary>The errno that ended the reading early, or 0.</summary>
    public int Failure { get; private set; }

    /// <summary>The errno for an entry of which it is unknown whether it is a directory, or 0.</summary>
    public int EntryFailure { get; private set; }

    public void Touch(string name) => (_touched ??= new HashSet<string>(StringComparer.Ordinal)).Add(name);

    public bool IsTouched(string name) => _touched is not null && _touched.Contains(name);

    /// <summary>Reads the next entry; false at the end.</summary>
    public bool TryRead(out string name, out bool isDirectory)
    {
        while (_missing is null && _reader.TryRead(out name, out isDirectory, out int errno))
        {
            if (errno is Errno.ENOENT)
            {
                // Gone since.
                continue;
            }

            _seen?.Add(name);
            if (errno == Errno.Success)
            {
                return true;
            }

            // The entry stays as known.
            EntryFailure = errno;
        }

        Failure = _missing is null ? _reader.Failure : Failure;
        (name, isDirectory) = ("", false);
        return false;
    }

    /// <summary>After the last entry: the next known name that was neither read nor touched by an event.</summary>
    public bool TryTakeMissing(Dictionary<string, DirectoryNode?> known, out string name)
    {
        if (_missing is null)
        {
            // After a failure unread names may still exist.
            _missing = new Queue<string>(
                _seen is null || Failure != Errno.Success ? [] : known.Keys.Where(entry => !_seen.Contains(entry)));
        }

        while (_missing.TryDequeue(out name!))
        {
            if (!IsTouched(name))
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose() => _reader.Dispose();
}
