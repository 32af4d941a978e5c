namespace Vigil;

/// <summary>
/// Files that were reported as complete because a check found no writer, with the position in the stream of records at the time of the
/// check. Records of their contents from before it would repeat that report.
/// </summary>
internal sealed class CoveredRecords
{
    private readonly Dictionary<(DirectoryNode Directory, string Name), long> _positions = [];
    private readonly Queue<(DirectoryNode Directory, string Name, long Position)> _order = new();

    public void Add(DirectoryNode directory, string name, long position)
    {
        _positions[(directory, name)] = position;
        _order.Enqueue((directory, name, position));
    }

    public bool Contains(DirectoryNode directory, string name, in InotifyRecord record) =>
        _positions.Count > 0 && _positions.TryGetValue((directory, name), out long look) && record.IsBefore(look);

    /// <summary>All records before a position have been taken.</summary>
    public void Forget(long position)
    {
        while (_order.TryPeek(out (DirectoryNode Directory, string Name, long Position) oldest) && oldest.Position <= position)
        {
            _order.Dequeue();
            if (_positions.TryGetValue((oldest.Directory, oldest.Name), out long covered) && covered == oldest.Position)
            {
                _positions.Remove((oldest.Directory, oldest.Name));
            }
        }
    }
}
