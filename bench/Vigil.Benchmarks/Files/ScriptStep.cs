namespace Vigil.Benchmarks.Files;

/// <summary>A common file operation, in a watched tree and an unwatched directory beside it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Prepare">Runs before anything is watched.</param>
/// <param name="Act">Runs while all watch.</param>
/// <param name="EndsTree">Whether nothing more can be observed in the tree afterwards.</param>
internal sealed record ScriptStep(string Name, Action<string> Prepare, Action<string> Act, bool EndsTree = false)
{
    public static IReadOnlyList<ScriptStep> All { get; } =
    [
        new("write a new file", _ => { }, at => Write(at, "tree/f")),
        new("append to it", at => Write(at, "tree/f"), at => File.AppendAllText(Path.Combine(at, "tree/f"), "more")),
        new("`chmod`", at => Write(at, "tree/f"), at => File.SetUnixFileMode(Path.Combine(at, "tree/f"), UnixFileMode.UserRead)),
        new("rename", at => Write(at, "tree/f"), at => Move(at, "tree/f", "tree/g")),
        new("move out of the tree", at => Write(at, "tree/f"), at => Move(at, "tree/f", "outside/f")),
        new("move in", at => Write(at, "outside/f"), at => Move(at, "outside/f", "tree/f")),
        new("move in over a file", PrepareReplacement, at => Move(at, "outside/f", "tree/f")),
        new("save by rename (`sed -i`, most editors)", at => Write(at, "tree/f"), SaveByRename),
        new("save as vim does", at => Write(at, "tree/f"), SaveAsVim),
        new("`mkdir -p a/b`, write a/b/f", _ => { }, MakeBranch),
        new("rename a directory, write in it", MakeBranch, RenameBranch),
        new("move a directory out, write in it", MakeBranch, MoveBranchOut),
        new("move a directory in", at => Write(at, "outside/a/b/f"), at => MoveDirectory(at, "outside/a", "tree/a")),
        new("`rm -rf a`", MakeBranch, at => Directory.Delete(Path.Combine(at, "tree/a"), recursive: true)),
        new("a file that comes and goes", _ => { }, ComeAndGo),
        new("delete the tree", _ => { }, at => Directory.Delete(Path.Combine(at, "tree"), recursive: true), EndsTree: true),
        new("move the tree", _ => { }, at => MoveDirectory(at, "tree", "moved"), EndsTree: true),
    ];

    private static void PrepareReplacement(string at)
    {
        Write(at, "tree/f");
        Write(at, "outside/f");
    }

    private static void SaveByRename(string at)
    {
        Write(at, "tree/f.tmp");
        Move(at, "tree/f.tmp", "tree/f");
    }

    private static void SaveAsVim(string at)
    {
        Write(at, "tree/4913");
        File.Delete(Path.Combine(at, "tree/4913"));
        Move(at, "tree/f", "tree/f~");
        Write(at, "tree/f");
        File.Delete(Path.Combine(at, "tree/f~"));
    }

    private static void MakeBranch(string at) => Write(at, "tree/a/b/f");

    private static void RenameBranch(string at)
    {
        MoveDirectory(at, "tree/a", "tree/c");
        Write(at, "tree/c/b/g");
    }

    private static void MoveBranchOut(string at)
    {
        MoveDirectory(at, "tree/a", "outside/a");
        Write(at, "outside/a/b/g");
    }

    private static void ComeAndGo(string at)
    {
        Write(at, "tree/f");
        File.Delete(Path.Combine(at, "tree/f"));
    }

    private static void Write(string at, string path)
    {
        string full = Path.Combine(at, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, "contents");
    }

    private static void Move(string at, string from, string to) => File.Move(Path.Combine(at, from), Path.Combine(at, to), overwrite: true);

    private static void MoveDirectory(string at, string from, string to) => Directory.Move(Path.Combine(at, from), Path.Combine(at, to));
}
