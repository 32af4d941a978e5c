namespace Vigil.Benchmarks.Files;

/// <summary>A directory that its disposal deletes.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vigil-");

    public string Path => _directory.FullName;

    public void Dispose() => _directory.Delete(recursive: true);
}
