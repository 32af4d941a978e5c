namespace Vigil.Testing.Tests.Files;

/// <summary>Files that a random program changes: the kernel's, or those of a world.</summary>
internal interface ITree
{
    bool Exists(string path);

    bool IsDirectory(string path);

    IReadOnlyList<string> List(string path);

    void CreateDirectory(string path);

    IDisposable OpenWriter(string path, bool append);

    void Write(IDisposable writer);

    void SetAttributes(string path);

    /// <summary>Renames; false if it is refused.</summary>
    bool Move(string path, string newPath);

    void DeleteFile(string path);

    void DeleteDirectory(string path);
}
