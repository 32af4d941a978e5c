using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Vigil.Testing;

/// <summary>The numbers of a world's simulated files.</summary>
/// <remarks>
/// They are far above what a kernel gives out, so that no number names a simulated and a real file. Numbers are used again, the lowest
/// first, as by a kernel: a program that confuses an old file with a new one is found out.
/// </remarks>
internal sealed class DescriptorTable
{
    /// <summary>
    /// The first number. The greatest limit of open files that Linux allows is below it (<c>nr_open</c>, <c>proc_sys_fs(5)</c>).
    /// </summary>
    public const int FirstNumber = 1 << 30;

    private readonly List<SimulatedFile?> _files = [];
    private readonly PriorityQueue<int, int> _free = new();

    /// <summary>How many numbers are open.</summary>
    public int Count { get; private set; }

    /// <summary>How many may be open; more are refused (EMFILE).</summary>
    public int Limit { get; set; } = 1 << 20;

    /// <summary>Everything that is open, for messages.</summary>
    public IEnumerable<(int Number, SimulatedFile File)> Open => _files
        .Select((file, index) => (Number: FirstNumber + index, File: file))
        .Where(entry => entry.File is not null)
        .Select(entry => (entry.Number, entry.File!));

    public bool TryFind(int number, [NotNullWhen(true)] out SimulatedFile? file)
    {
        int index = number - FirstNumber;
        file = index >= 0 && index < _files.Count ? _files[index] : null;
        return file is not null;
    }

    /// <summary>Gives a file another number: the lowest that is free.</summary>
    /// <exception cref="IOException">The limit is reached.</exception>
    public int Give(SimulatedFile file)
    {
        if (Count >= Limit)
        {
            throw new IOException($"The world's limit of {Limit} open descriptors is reached.", SimulatedErrno.EMFILE);
        }

        int index;
        do
        {
            if (!_free.TryDequeue(out index, out _))
            {
                index = _files.Count;
                _files.Add(null);
            }
        }
        while (_files[index] is not null);
        Put(index, file);
        return FirstNumber + index;
    }

    /// <summary>Gives a file a certain number, as <c>dup2(2)</c> does: what had it before is closed.</summary>
    public void GiveAt(int number, SimulatedFile file)
    {
        int index = number - FirstNumber;
        while (_files.Count <= index)
        {
            _free.Enqueue(_files.Count, _files.Count);
            _files.Add(null);
        }

        if (_files[index] is not null)
        {
            Close(number);
        }

        Put(index, file);
    }

    /// <summary>Closes a number; the file with its last one.</summary>
    public void Close(int number)
    {
        int index = number - FirstNumber;
        SimulatedFile file = CollectionsMarshal.AsSpan(_files)[index]
            ?? throw new InvalidOperationException($"Descriptor {number} is not open.");
        _files[index] = null;
        _free.Enqueue(index, index);
        Count--;
        file.CloseNumber();
    }

    // A number that was given by name is still among the free ones; whoever takes it from there looks again.
    private void Put(int index, SimulatedFile file)
    {
        _files[index] = file;
        file.Numbers++;
        Count++;
    }
}
