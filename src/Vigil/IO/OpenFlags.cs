namespace Vigil.IO;

/// <summary>How <see cref="FdHandle.Open"/> opens a file.</summary>
[Flags]
public enum OpenFlags
{
    /// <summary>None; not valid for opening.</summary>
    None = 0,

    /// <summary>For reading.</summary>
    Read = 1,

    /// <summary>For writing.</summary>
    Write = 2,

    /// <summary>For both, as for a serial line, or a FIFO that is to outlive its writers.</summary>
    ReadWrite = Read | Write,

    /// <summary>Each write goes to the end of the file (<c>O_APPEND</c>).</summary>
    Append = 4,

    /// <summary>A symbolic link at the end of the path is refused (<c>O_NOFOLLOW</c>).</summary>
    NoFollow = 8,
}
