using Exploration;
using Vigil.IO;

namespace Vigil.IO
{
    /// <summary>
    /// An <c>eventfd</c> that is monitored edge-triggered: each addition ends one wait. Additions and waits are system calls, so full
    /// fences.
    /// </summary>
    internal sealed class EventFd : IDisposable
    {
        private ulong _counter;
        private ulong _seen;

        /// <summary>What the waiting thread remembers.</summary>
        public ulong Seen => _seen;

        public void Add(ulong value) => Memory.Change(ref _counter, counter => (counter + value, true), "the eventfd");

        /// <summary>Waits as epoll does: for an addition since the last wait. For one thread.</summary>
        public void AwaitEdge() =>
            _seen = Memory.AwaitAndChange(ref _counter, counter => counter != _seen, counter => (counter, false), "the eventfd");

        /// <summary>
        /// Waits for a short time. It is over when something has changed that the thread read before: a round without news would be like
        /// the last one. An addition until then is taken, as epoll takes it.
        /// </summary>
        public void AwaitEdgeBriefly()
        {
            Memory.Spin();
            _seen = Memory.Change(ref _counter, counter => (counter, false), "the eventfd");
        }

        public void Dispose()
        {
        }
    }

    internal static class NonBlocking
    {
        public static IOResult TryWrite(EventFd target, ReadOnlySpan<byte> bytes)
        {
            target.Add(BitConverter.ToUInt64(bytes));
            return IOResult.From(bytes.Length, 0);
        }
    }

    internal static class FdHandle
    {
        public static Exception Failed(string call, int errno) => new InvalidOperationException($"{call}: {errno}");
    }
}

namespace Vigil
{
    /// <summary>What is registered with the poller.</summary>
    internal readonly struct FileDescriptor(EventFd target)
    {
        public EventFd Target => target;

        public static implicit operator FileDescriptor(EventFd target) => new(target);
    }
}

namespace Vigil.Interop
{
    /// <summary><c>futex(2)</c>: the comparison and the falling asleep are one step, and so is the waking.</summary>
    internal static unsafe class FutexNative
    {
        // The words in use. Each scenario begins with none.
        private static readonly Dictionary<nint, WakeUps> Words = [];

        public static void Forget() => Words.Clear();

        public static void Wait(int* word, int value, long nanoseconds)
        {
            if (nanoseconds >= 0)
            {
                throw new InvalidOperationException("Waits with a timeout are not explored.");
            }

            // In the kernel the word is compared under the lock that a waker takes after its store: who finds the old value is woken.
            WakeUps wakeUps = Of(word);
            ulong before = 0;
            int found = Memory.Change(ref *word, seen => Looked(seen), "the futex word");
            if (found == value)
            {
                Memory.AwaitAndChange(ref wakeUps.Count, count => count != before, count => (count, false), "the futex");
            }

            (int, bool) Looked(int seen)
            {
                before = Memory.Peek(ref wakeUps.Count, "the futex");
                return (seen, false);
            }
        }

        public static void Wake(int* word) => Memory.Change(ref Of(word).Count, count => (count + 1, true), "the futex");

        private static WakeUps Of(int* word)
        {
            if (!Words.TryGetValue((nint)word, out WakeUps? wakeUps))
            {
                Words.Add((nint)word, wakeUps = new WakeUps());
            }

            return wakeUps;
        }

        private sealed class WakeUps
        {
            private ulong _count;

            public ref ulong Count => ref _count;
        }
    }
}
