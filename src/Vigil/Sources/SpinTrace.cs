using Vigil.Polling;

namespace Vigil.Sources;

/// <summary>
/// Distinguishes a source that spins, reporting an unhandled Error or HangUp in every iteration, from one that is being drained
/// after its peer left, and from one whose errors are handled and recur.
/// </summary>
/// <remarks>
/// <para>An iteration counts if the owner changed nothing about the source (a change drops this object) and the number of bytes to read
/// (FIONREAD) stayed the same. A socket that preserves message boundaries may report the size of its first message only, and messages
/// of one size look alike. So while such a socket has something to read nothing is counted: it may be being drained.</para>
/// <para>At the limit two questions decide. Is the state there now? If not, it was handled. If so, did the kernel announce it again
/// in the second half of the iterations? An error that is taken from its queue and recurs is announced each time; a state that
/// lasts is announced once. A second, edge-triggered registration in a separate epoll instance receives the announcements.
/// The first question is asked first: a state that is there then was announced before.</para>
/// </remarks>
internal sealed class SpinTrace : IDisposable
{
    private readonly DescriptorQueries _queries;
    private readonly bool _isMessageOriented;
    private int _turns;
    private int _bytesToRead;
    private Announcements? _announcements;

    /// <param name="queries">Answers questions about the descriptor.</param>
    /// <param name="fd">The descriptor.</param>
    public SpinTrace(DescriptorQueries queries, int fd)
    {
        _queries = queries;
        _isMessageOriented = queries.IsMessageOriented(fd);
        _bytesToRead = queries.BytesToRead(fd);
    }

    /// <summary>
    /// Records an iteration with Error or HangUp, after the owner was called. True at the limit, where <see cref="Lasts"/> decides.
    /// </summary>
    /// <param name="fd">The descriptor.</param>
    /// <param name="limit">The tolerated number of iterations, 2 or more.</param>
    public bool HasReached(int fd, int limit)
    {
        int bytes = _queries.BytesToRead(fd);
        bool progress = bytes != _bytesToRead || (_isMessageOriented && bytes > 0);
        _bytesToRead = bytes;
        if (progress)
        {
            Restart();
            return false;
        }

        _turns++;
        if (_turns == limit / 2)
        {
            Listen(fd);
        }

        return _turns >= limit;
    }

    /// <summary>At the limit: whether the state lasts. Restarts the count.</summary>
    public bool Lasts(int fd)
    {
        bool lasts = _queries.HasErrorOrHangUp(fd) && _announcements is not null && !_announcements.TryTake();
        Restart();
        return lasts;
    }

    public void Dispose() => _announcements?.Dispose();

    private void Restart()
    {
        _turns = 0;
        _announcements?.Dispose();
        _announcements = null;
    }

    // Without a descriptor for them there is no answer, and the source is not disarmed: the next iterations decide. The present state is
    // announced first.
    private void Listen(int fd)
    {
        _announcements = _queries.Listen(fd);
        _ = _announcements?.TryTake();
    }
}
