using System.Globalization;

namespace Vigil.Testing.Tests.Files;

/// <summary>Changes a tree at random. The same seed makes the same changes of equal trees.</summary>
internal sealed class TreeProgram
{
    private static readonly string[] Names = ["a", "b", "c", "d"];

    private readonly ITree _tree;
    private readonly Random _random;
    private readonly string _root;
    private readonly string _outside;
    private readonly Queue<IDisposable> _writers = new();

    /// <param name="tree">The files.</param>
    /// <param name="top">The directory of everything.</param>
    /// <param name="seed">What decides.</param>
    public TreeProgram(ITree tree, string top, int seed)
    {
        _tree = tree;
        _random = new Random(seed);
        _root = Path.Combine(top, "root");
        _outside = Path.Combine(top, "outside");
        tree.CreateDirectory(_root);
        tree.CreateDirectory(_outside);
    }

    /// <summary>What it did, a line each.</summary>
    public List<string> History { get; } = [];

    /// <summary>Whether a directory has appeared since this was set to false: then its listing has an order of its own.</summary>
    public bool HasListed { get; set; }

    public void Step()
    {
        string path = RandomPath();
        string other = RandomPath();
        switch (_random.Next(16))
        {
            case 0 or 1 when !_tree.Exists(path) && _tree.IsDirectory(Path.GetDirectoryName(path)!):
                Note($"mkdir {path}");
                HasListed = true;
                _tree.CreateDirectory(path);
                break;
            case 2 or 3 or 4 when CanBeFile(path):
                Note($"write {path}");
                using (IDisposable writer = _tree.OpenWriter(path, append: _random.Next(2) == 0))
                {
                    WriteSome(writer);
                }

                break;
            case 5 or 6 when CanBeFile(path):
                Note($"open {path}");
                _writers.Enqueue(_tree.OpenWriter(path, append: _random.Next(2) == 0));
                break;
            case 7 when _writers.TryPeek(out IDisposable? open):
                Note("write to what is open");
                WriteSome(open);
                break;
            case 8 when _writers.TryDequeue(out IDisposable? closed):
                Note("close");
                closed.Dispose();
                break;
            case 9 when _tree.Exists(path):
                Note($"attributes of {path}");
                _tree.SetAttributes(path);
                break;
            case 10 when _tree.Exists(path):
                Note($"delete {path}");
                Delete(path);
                break;
            case > 10 when _tree.Exists(path):
                bool isDirectory = _tree.IsDirectory(path);
                if (_tree.Move(path, other))
                {
                    Note($"move {path} to {other}");
                    HasListed |= isDirectory;
                }

                break;
        }
    }

    /// <summary>Closes what is open.</summary>
    public void Close()
    {
        while (_writers.TryDequeue(out IDisposable? writer))
        {
            writer.Dispose();
        }
    }

    /// <summary>Everything in the tree.</summary>
    public IEnumerable<string> Paths() => PathsBelow(_root);

    private IEnumerable<string> PathsBelow(string directory)
    {
        foreach (string name in _tree.List(directory))
        {
            string path = Path.Combine(directory, name);
            yield return path;
            foreach (string below in _tree.IsDirectory(path) ? PathsBelow(path) : [])
            {
                yield return below;
            }
        }
    }

    private void WriteSome(IDisposable writer)
    {
        for (int i = _random.Next(4); i > 0; i--)
        {
            _tree.Write(writer);
        }
    }

    private void Delete(string path)
    {
        if (!_tree.IsDirectory(path))
        {
            _tree.DeleteFile(path);
            return;
        }

        foreach (string name in _tree.List(path))
        {
            Delete(Path.Combine(path, name));
        }

        _tree.DeleteDirectory(path);
    }

    private bool CanBeFile(string path) => !_tree.IsDirectory(path) && _tree.IsDirectory(Path.GetDirectoryName(path)!);

    private string RandomPath()
    {
        string path = _random.Next(6) == 0 ? _outside : _root;
        do
        {
            path = Path.Combine(path, Names[_random.Next(Names.Length)]);
        }
        while (_random.Next(2) == 0);
        return path;
    }

    private void Note(string what) => History.Add(string.Create(CultureInfo.InvariantCulture, $"{History.Count}: {what}"));
}
