using System.Runtime.InteropServices;
using Vigil.Benchmarks.Workloads;

namespace Compare.Managed;

/// <summary>Actions posted as fast as threads can. An operation is one action, from the post to the end of its run.</summary>
internal sealed class PostRounds : IWorkload
{
    private readonly Mailbox _mailbox;
    private readonly int _senders;
    private readonly Action _receive;
    private readonly Count _received = new();

    public PostRounds(Mailbox mailbox, int senders)
    {
        _mailbox = mailbox;
        _senders = senders;

        // The pool runs several at once.
        _receive = mailbox is ThreadPoolMailbox
            ? _received.AddInterlocked
            : _received.Add;
    }

    public void Perform(int operations)
    {
        int each = operations / _senders;
        long expected = _received.Value + ((long)each * _senders);
        Thread[] threads = [.. Enumerable.Range(1, _senders - 1).Select(_ => new Thread(() => Send(each)))];
        Array.ForEach(threads, thread => thread.Start());
        Send(each);

        // Yields, as the drivers in C do, and never sleeps for a millisecond, as SpinWait would after a while.
        var spin = default(SpinWait);
        while (_received.Value != expected)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        Array.ForEach(threads, thread => thread.Join());
    }

    public void Dispose() => _mailbox.Dispose();

    private void Send(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _mailbox.Post(_receive);
        }
    }

    /// <summary>
    /// What the receiver writes with every message has its own cache lines: next to a field that senders read, it would cost both of them a
    /// miss per message, and so measure this class.
    /// </summary>
    private sealed class Count
    {
        private Padded _count;

        public long Value => Volatile.Read(ref _count.Value);

        public void Add() => Volatile.Write(ref _count.Value, _count.Value + 1);

        public void AddInterlocked() => Interlocked.Increment(ref _count.Value);

        [StructLayout(LayoutKind.Explicit, Size = 3 * 64)]
        private struct Padded
        {
            [FieldOffset(128)]
            public long Value;
        }
    }
}

/// <summary>An operation is one action, there and back to a thread that waits for it on a semaphore, which spins before it sleeps, as in
/// common code.</summary>
internal sealed class PingPong : IWorkload
{
    private readonly Mailbox _mailbox;
    private readonly SemaphoreSlim _pong = new(0);
    private readonly Action _return;

    public PingPong(Mailbox mailbox)
    {
        _mailbox = mailbox;
        _return = () => _pong.Release();
    }

    public void Perform(int operations)
    {
        for (int i = 0; i < operations; i++)
        {
            _mailbox.Post(_return);
            _pong.Wait();
        }
    }

    public void Dispose()
    {
        _mailbox.Dispose();
        _pong.Dispose();
    }
}
