using Vigil.Interop;

namespace Vigil.IO;

/// <summary>A pipe (<c>pipe(7)</c>): bytes written at one end are read at the other. Close-on-exec.</summary>
public sealed class UnixPipe : IDisposable
{
    /// <summary>Creates a pipe.</summary>
    /// <param name="mode">The mode of both ends.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mode"/> is undefined.</exception>
    /// <exception cref="EventManagerException">The kernel refused, for instance because too many files are open
    /// (<c>EMFILE</c>).</exception>
    public UnixPipe(BlockingMode mode = BlockingMode.NonBlocking)
    {
        bool nonBlocking = NonBlocking.Is(mode);
        int errno = FileNative.Pipe(nonBlocking, out int reader, out int writer);
        Reader = new FdHandle(FdHandle.Created(reader, errno, "pipe2")) { IsNonBlocking = nonBlocking };
        Writer = new FdHandle(FdHandle.Created(writer, errno, "pipe2")) { IsNonBlocking = nonBlocking };
    }

    /// <summary>The end to read from. It reports <see cref="EventSet.HangUp"/> when every writer is closed.</summary>
    public FdHandle Reader { get; }

    /// <summary>The end to write to. It reports <see cref="EventSet.Error"/> when every reader is closed.</summary>
    public FdHandle Writer { get; }

    /// <summary>Closes both ends.</summary>
    public void Dispose()
    {
        Reader.Dispose();
        Writer.Dispose();
    }
}
