using System.Net.Sockets;
using Vigil.IO;
using Vigil.Polling;
using Vigil.Sources;

namespace Vigil.Internals.Tests.Sources;

/// <summary>A spinning source is distinguished from one that is being drained.</summary>
public class SpinTraceTests
{
    private const int Limit = 10;

    [Fact]
    public void A_hang_up_that_nobody_minds_spins_at_the_limit_and_not_before()
    {
        using var pipe = new UnixPipe();
        pipe.Writer.Dispose();
        int reader = NumberOf(pipe.Reader);
        using var trace = new SpinTrace(new KernelQueries(), reader);

        Assert.Equal(Limit, TurnsUntilSpinning(trace, reader));
    }

    [Fact]
    public void A_hung_up_pipe_that_is_drained_a_little_each_turn_does_not_spin_until_it_is_empty()
    {
        const int Chunk = 16;
        using var pipe = new UnixPipe();
        Assert.Equal(65536, NonBlocking.TryWrite(pipe.Writer, new byte[65536]).Count);
        pipe.Writer.Dispose();
        int reader = NumberOf(pipe.Reader);
        using var trace = new SpinTrace(new KernelQueries(), reader);

        for (int drained = 0; drained < 65536; drained += Chunk)
        {
            Assert.Equal(Chunk, NonBlocking.TryRead(pipe.Reader, new byte[Chunk]).Count);
            Assert.False(IsSpinning(trace, reader));
        }

        Assert.Equal(Limit, TurnsUntilSpinning(trace, reader));
    }

    [Fact]
    public void Progress_begins_the_count_anew()
    {
        using var pipe = new UnixPipe();
        NonBlocking.TryWrite(pipe.Writer, new byte[2]);
        pipe.Writer.Dispose();
        int reader = NumberOf(pipe.Reader);
        using var trace = new SpinTrace(new KernelQueries(), reader);
        Turn(trace, reader, Limit - 1);

        NonBlocking.TryRead(pipe.Reader, new byte[1]);
        Assert.False(IsSpinning(trace, reader));

        Assert.Equal(Limit, TurnsUntilSpinning(trace, reader));
    }

    [Theory]
    [InlineData(SocketType.Dgram)]
    [InlineData(SocketType.Seqpacket)]
    public void Messages_of_one_size_that_are_drained_look_alike_and_do_not_spin(SocketType type)
    {
        using var pair = new UnixSocketPair(type);
        for (int i = 0; i < Limit; i++)
        {
            Assert.True(NonBlocking.TryWrite(pair.Second, "same"u8).IsSuccess);
        }

        pair.Second.Dispose();
        int first = NumberOf(pair.First);
        using var trace = new SpinTrace(new KernelQueries(), first);

        // One more message, and more turns than the limit: the size of the first message stays the same.
        for (int i = 0; i < Limit - 1; i++)
        {
            Assert.Equal(4, NonBlocking.TryRead(pair.First, new byte[16]).Count);
            Turn(trace, first, 2 * Limit);
        }
    }

    [Fact]
    public void An_error_that_is_gone_at_the_limit_is_being_dealt_with()
    {
        using var pipe = new UnixPipe();
        int reader = NumberOf(pipe.Reader);
        using var trace = new SpinTrace(new KernelQueries(), reader);

        // Its writer is open, so there is neither error nor hang-up when the detector checks.
        Turn(trace, reader, 5 * Limit);

        pipe.Writer.Dispose();
        Assert.Equal(Limit, TurnsUntilSpinning(trace, reader));
    }

    [Fact]
    public void A_file_that_does_not_tell_how_much_there_is_to_read_spins_too()
    {
        using var pipe = new UnixPipe();
        pipe.Reader.Dispose();
        int writer = NumberOf(pipe.Writer);
        using var trace = new SpinTrace(new KernelQueries(), writer);

        Assert.Equal(Limit, TurnsUntilSpinning(trace, writer));
    }

    private static int NumberOf(FdHandle handle) => (int)handle.DangerousGetHandle();

    private static bool IsSpinning(SpinTrace trace, int fd) => trace.HasReached(fd, Limit) && trace.Lasts(fd);

    private static void Turn(SpinTrace trace, int fd, int times)
    {
        for (int i = 0; i < times; i++)
        {
            Assert.False(IsSpinning(trace, fd));
        }
    }

    private static int TurnsUntilSpinning(SpinTrace trace, int fd)
    {
        int turns = 1;
        while (!IsSpinning(trace, fd) && turns < 100 * Limit)
        {
            turns++;
        }

        return turns;
    }
}
