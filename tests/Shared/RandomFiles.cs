using System.Globalization;
using System.Runtime.InteropServices;

namespace Vigil.Tests.Shared;

/// <summary>A tree that changes at random, in the ways that programs change files. The same seed gives the same changes.</summary>
internal sealed partial class RandomFiles
{
    private const int AT_FDCWD = -100;
    private const uint RENAME_EXCHANGE = 2;
    private const string LinkedContents = "linked";

    private static readonly string[] Names = ["a", "b", "c", "d"];

    private readonly Random _random;
    private readonly string _linked;
    private int _contents;

    /// <param name="directory">The directory of everything.</param>
    /// <param name="random">Makes the decisions.</param>
    public RandomFiles(string directory, Random random)
    {
        _random = random;
        Root = Directory.CreateDirectory(Path.Combine(directory, "root")).FullName;
        Outside = Directory.CreateDirectory(Path.Combine(directory, "outside")).FullName;
        _linked = Path.Combine(directory, "linked");
        File.WriteAllText(_linked, LinkedContents);
    }

    /// <summary>The tree that is watched.</summary>
    public string Root { get; }

    /// <summary>A directory beside it, from which and to which paths are moved.</summary>
    public string Outside { get; }

    /// <summary>The last change.</summary>
    public string Last { get; private set; } = "";

    /// <summary>Makes a change. A change that is not possible at the moment is left out.</summary>
    public void Change()
    {
        string path = RandomPath();
        string other = RandomPath();
        int what = _random.Next(20);
        Last = $"operation {what}: {path}, {other}";
        try
        {
            switch (what)
            {
                case 0 or 1 or 2:
                    Directory.CreateDirectory(path);
                    break;
                case 3 or 4 or 5 when IsOwn(path):
                    File.WriteAllText(path, NextContents());
                    break;
                case 6 when IsOwn(path) && File.Exists(path):
                    File.AppendAllText(path, NextContents());
                    break;
                case 7 when IsOwn(path) && Path.Exists(path):
                    File.SetUnixFileMode(path, (UnixFileMode)(0b111_000_000 | _random.Next(0b1_000_000)));
                    break;
                case 8 when Directory.Exists(path):
                    Directory.Delete(path, recursive: true);
                    break;
                case 8 or 9:
                    File.Delete(path);
                    break;
                case 10:
                    Copy(path, depth: 2);
                    break;
                case 11:
                    _ = link(_linked, path);
                    break;
                case 12:
                    File.CreateSymbolicLink(path, Names[_random.Next(Names.Length)]);
                    break;
                case 13 or 14 or 15:
                    _ = renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
                    break;
                default:
                    _ = renameat2(AT_FDCWD, path, AT_FDCWD, other, 0);
                    break;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file where a directory would be needed, or the other way round.
        }
    }

    /// <summary>A path in the tree, sometimes beside it.</summary>
    public string RandomPath()
    {
        string path = _random.Next(6) == 0 ? Outside : Root;
        do
        {
            path = Path.Combine(path, Names[_random.Next(Names.Length)]);
        }
        while (_random.Next(2) == 0);
        return path;
    }

    // A change is not reported for other names of the same file, and through a link it would affect another file.
    private static bool IsOwn(string path) =>
        new FileInfo(path) is { LinkTarget: null } file
            && !(file.Exists && File.ReadAllText(path).StartsWith(LinkedContents, StringComparison.Ordinal));

    // Mode and times of a directory are set after its contents were created, as by cp -a and tar.
    private void Copy(string path, int depth)
    {
        Directory.CreateDirectory(path);
        for (int i = _random.Next(3); i > 0; i--)
        {
            string below = Path.Combine(path, Names[_random.Next(Names.Length)]);
            if (depth > 0 && _random.Next(2) == 0)
            {
                Copy(below, depth - 1);
            }
            else if (IsOwn(below))
            {
                File.WriteAllText(below, NextContents());
                File.SetLastWriteTimeUtc(below, DateTime.UnixEpoch);
            }
        }

        File.SetUnixFileMode(path, (UnixFileMode)(0b111_000_000 | _random.Next(0b1_000_000)));
        Directory.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
    }

    private string NextContents() => (_contents++).ToString(CultureInfo.InvariantCulture);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string path, string name);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromDirectory, string from, int toDirectory, string to, uint flags);
}
