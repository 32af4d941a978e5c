namespace Vigil.IO;

/// <summary>What reads and writes do when the file is not ready for them (<c>O_NONBLOCK</c>).</summary>
public enum BlockingMode
{
    /// <summary>They fail at once, as an event loop wants it.</summary>
    NonBlocking = 0,

    /// <summary>They wait.</summary>
    Blocking = 1,
}
