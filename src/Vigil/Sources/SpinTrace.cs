using Vigil.Interop;

namespace Vigil.Sources;

/// <summary>
/// Tells a source that spins, reporting Error or HangUp turn after turn while nobody does anything about it, from one that is
/// being drained after its peer left.
/// </summary>
/// <remarks>
/// A turn counts if its owner changed nothing about the source (a change drops this object) and the number of bytes to read
/// (FIONREAD) stayed the same. A socket that keeps message borders may tell the size of its first message only, and messages
/// of one size look alike; so as long as such a socket has something to read nothing is counted, it could be in the middle of
/// being drained. At the limit the descriptor is looked at once more: an error that was taken care of each time, and came
/// again, is not there at that moment.
/// </remarks>
internal sealed class SpinTrace
{
    private readonly bool _isMessageOriented;
    private int _turns;
    private int _bytesToRead;

    public SpinTrace(int fd)
    {
        _isMessageOriented = SocketNative.IsMessageOriented(fd);
        _bytesToRead = FileNative.BytesToRead(fd);
    }

    /// <summary>Takes note of a turn with Error or HangUp, after the owner was told. True where that was the last one to be put up with.</summary>
    public bool IsSpinning(int fd, int limit)
    {
        int bytes = FileNative.BytesToRead(fd);
        bool progress = bytes != _bytesToRead || (_isMessageOriented && bytes > 0);
        _bytesToRead = bytes;
        _turns = progress ? 0 : _turns + 1;
        if (_turns < limit)
        {
            return false;
        }

        _turns = 0;
        return PollNative.HasErrorOrHangUp(fd);
    }
}
