using System.Runtime.InteropServices;

namespace Vigil.Internals.Tests.Support;

/// <summary>Makes one of a thread's calls fail, the n-th of its kind; the others succeed.</summary>
/// <remarks>
/// The thread waits in the kernel for an answer of this object's thread, which is managed and cannot answer during a garbage collection. So
/// the thread's work runs in a region without collections, and starts no other thread, which would inherit the filter.
/// </remarks>
internal sealed unsafe partial class NthCall : IDisposable
{
    // _IOWR('!', 0, struct seccomp_notif) and _IOWR('!', 1, struct seccomp_notif_resp) (linux/seccomp.h).
    private const nuint SECCOMP_IOCTL_NOTIF_RECV = 0xC0502100;
    private const nuint SECCOMP_IOCTL_NOTIF_SEND = 0xC0182101;
    private const uint SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1;
    private const short POLLIN = 1;

    private readonly uint _call;
    private readonly int _number;
    private readonly int _errno;
    private readonly Thread _listening;
    private readonly ManualResetEventSlim _isInstalled = new();
    private int _listener = -1;

    /// <param name="call">The call's number in the kernel's table.</param>
    /// <param name="number">Which call fails, from 1.</param>
    /// <param name="errno">The error.</param>
    public NthCall(uint call, int number, int errno)
    {
        (_call, _number, _errno) = (call, number, errno);
        _listening = new Thread(Listen) { IsBackground = true };
    }

    /// <summary>The number of calls, after the function has run.</summary>
    public int Count { get; private set; }

    /// <summary>Runs a function, once, on a thread of its own, whose call fails; null if the system does not allow that.</summary>
    public T? Run<T>(Func<T> function)
        where T : class
    {
        _listening.Start();
        GC.Collect();
        Assert.True(GC.TryStartNoGCRegion(64 * 1024 * 1024));
        try
        {
            return new BackgroundThread<T?>(() => TryInstall() ? function() : null).Result();
        }
        finally
        {
            GC.EndNoGCRegion();
            End();
        }
    }

    public void Dispose() => _isInstalled.Dispose();

    private void End()
    {
        _isInstalled.Set();
        Assert.True(_listening.Join(Patience.Limit), "The filtered thread did not end.");
        if (_listener >= 0)
        {
            LibC.Close(_listener);
        }
    }

    private bool TryInstall()
    {
        _listener = SystemCallFilter.TryListen(_call);
        _isInstalled.Set();
        return _listener >= 0;
    }

    private void Listen()
    {
        _isInstalled.Wait();
        var entry = new PollFd { Fd = _listener, Requested = POLLIN };
        while (_listener >= 0)
        {
            entry.Returned = 0;
            if (poll(&entry, 1, -1) > 0)
            {
                if ((entry.Returned & POLLIN) == 0)
                {
                    return;
                }

                Answer();
            }
        }
    }

    private void Answer()
    {
        Notice notice = default;
        if (ioctl(_listener, SECCOMP_IOCTL_NOTIF_RECV, &notice) < 0)
        {
            // A signal has interrupted the call meanwhile, and it is repeated.
            return;
        }

        bool fails = ++Count == _number;
        var reply = new Reply { Id = notice.Id, Error = fails ? -_errno : 0, Flags = fails ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE };
        _ = ioctl(_listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFd* entries, nuint count, int milliseconds);

    // struct seccomp_notif: after the id the thread, flags, and struct seccomp_data of 64 bytes.
    [StructLayout(LayoutKind.Sequential, Size = 80)]
    private struct Notice
    {
        public ulong Id;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Reply
    {
        public ulong Id;
        public long Value;
        public int Error;
        public uint Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Requested;
        public short Returned;
    }
}
