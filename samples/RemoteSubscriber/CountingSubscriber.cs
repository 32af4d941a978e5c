using Vigil;
using Vigil.IO;

namespace RemoteSubscriber;

/// <summary>Counts the events of its eventfds. Everything in it belongs to the loop's thread, so there are no locks.</summary>
internal sealed class CountingSubscriber : IEventSubscriber
{
    private readonly EventFd _first;

    public CountingSubscriber(EventFd first)
    {
        _first = first;
    }

    public ulong Count { get; private set; }

    public string? Thread { get; private set; }

    public void Initialize(EventOps ops) => ops.Add(new Events(_first, EventSet.In));

    public void Process(in Events events, EventOps ops)
    {
        Thread = System.Threading.Thread.CurrentThread.Name;
        if (events.Fd.Handle is EventFd source && source.TryTake(out ulong value))
        {
            Count += value;
        }
    }
}
