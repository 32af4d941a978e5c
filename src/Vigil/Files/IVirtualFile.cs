namespace Vigil;

/// <summary>A file or directory of a simulated system, whatever its path is now: what an inode is.</summary>
/// <remarks>The contract is stable: a later version adds only members that have an implementation here.</remarks>
public interface IVirtualFile
{
    /// <summary>Whether it is a directory.</summary>
    bool IsDirectory { get; }

    /// <summary>Whether it is a regular file, and so neither a directory, nor a link or the like.</summary>
    bool IsRegular { get; }

    /// <summary>How many names it has.</summary>
    int LinkCount { get; }

    /// <summary>Whether somebody has it open for writing; null if that is unknown.</summary>
    bool? HasWriter { get; }

    /// <summary>Its path now, in which no name is a link; null if it has none.</summary>
    string? Path { get; }

    /// <summary>Lists a directory.</summary>
    /// <returns>
    /// Its names, and what they name, in the order in which they are listed. Later changes of the directory do not change it.
    /// </returns>
    IReadOnlyDictionary<string, IVirtualFile> List();
}
