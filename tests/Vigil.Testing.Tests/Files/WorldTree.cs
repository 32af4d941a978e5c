namespace Vigil.Testing.Tests.Files;

/// <summary>The files of a world.</summary>
internal sealed class WorldTree(WorldDirectories directories) : ITree
{
    public bool Exists(string path) => directories.Exists(path);

    public bool IsDirectory(string path) => directories.IsDirectory(path);

    public IReadOnlyList<string> List(string path) => directories.List(path);

    public void CreateDirectory(string path) => directories.CreateDirectory(path);

    public IDisposable OpenWriter(string path, bool append) => directories.OpenWriter(path, append);

    public void Write(IDisposable writer) => ((SimulatedWriter)writer).Write([0]);

    public void SetAttributes(string path) => directories.SetAttributes(path);

    public bool Move(string path, string newPath)
    {
        try
        {
            directories.Move(path, newPath);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void DeleteFile(string path) => directories.Delete(path);

    public void DeleteDirectory(string path) => directories.Delete(path);
}
