namespace Vigil;

/// <summary>An open directory whose entries are read one by one.</summary>
internal abstract class DirectoryReader : OpenFile
{
    /// <param name="value">The kernel's handle of it, never −1.</param>
    protected DirectoryReader(nint value)
        : base(value)
    {
    }

    /// <summary>Its path without links; null if the kernel does not report it.</summary>
    public abstract string? RealPath { get; }

    /// <summary>The errno that ended the reading early, or 0.</summary>
    public int Failure { get; protected set; }

    /// <summary>Whether a name in it is a directory; links are not followed.</summary>
    public abstract bool IsDirectoryAt(string name, out int errno);

    /// <summary>
    /// Reads the next entry other than the directory itself and its parent; false at the end, or on <see cref="Failure"/>.
    /// </summary>
    /// <param name="name">The entry.</param>
    /// <param name="isDirectory">Whether it is a directory.</param>
    /// <param name="errno">Why that is unknown.</param>
    public abstract bool TryRead(out string name, out bool isDirectory, out int errno);
}
