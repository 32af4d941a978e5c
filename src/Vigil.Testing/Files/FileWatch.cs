namespace Vigil.Testing;

/// <summary>A watch of a queue.</summary>
internal sealed class FileWatch(FileQueue queue, FileNode node, int number)
{
    public FileQueue Queue => queue;

    public FileNode Node => node;

    public int Number => number;

    /// <summary>What it reports.</summary>
    public uint Mask { get; set; }
}
