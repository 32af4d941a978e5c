using System.Net;
using Vigil.IO;

namespace Vigil.Testing;

/// <summary>
/// An open file of a world: what one or more descriptor numbers name. Its kind decides what it is ready for and what its calls do.
/// </summary>
internal abstract class SimulatedFile
{
    /// <summary>What is ready now, Error and HangUp included.</summary>
    public abstract EventSet Ready { get; }

    /// <summary>How often something became ready: an edge-triggered registration reports each change once.</summary>
    public long Changes { get; private set; } = 1;

    /// <summary>Whether it can be polled; a regular file cannot.</summary>
    public virtual bool IsPollable => true;

    /// <summary>Whether a read or a write may take a part: a datagram is whole.</summary>
    public virtual bool IsStream => true;

    /// <summary>How many numbers name it.</summary>
    public int Numbers { get; set; }

    /// <summary>What it is, for messages.</summary>
    public abstract string Description { get; }

    /// <summary>Raised when <see cref="Ready"/> may have changed.</summary>
    public event Action<SimulatedFile>? Changed;

    public virtual IOResult Read(Span<byte> buffer) => new(0, SimulatedErrno.EBADF);

    public virtual IOResult Write(ReadOnlySpan<byte> buffer) => new(0, SimulatedErrno.EBADF);

    public virtual IOResult Receive(DatagramBatch batch) => new(0, SimulatedErrno.ENOTSOCK);

    public virtual IOResult Accept(out FdHandle? connection, out EndPoint? peer)
    {
        connection = null;
        peer = null;
        return new(0, SimulatedErrno.ENOTSOCK);
    }

    /// <summary>
    /// Lets it be full for a moment, as if its peer's buffer were: it is not ready to be written until it says so again. False if it
    /// cannot.
    /// </summary>
    public virtual bool Refuse() => false;

    public virtual IOResult ShutdownWrite() => new(0, SimulatedErrno.ENOTSOCK);

    /// <summary>A number that names it was closed; the file ends with its last one, and so do its registrations.</summary>
    public void CloseNumber()
    {
        if (--Numbers == 0)
        {
            Close();
            NoteChange();
        }
    }

    /// <summary>The last number that names it was closed.</summary>
    protected abstract void Close();

    /// <summary>Says that something became ready, or is not any more.</summary>
    protected void NoteChange()
    {
        Changes++;
        Changed?.Invoke(this);
    }
}
