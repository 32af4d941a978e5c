using Vigil;
using Vigil.IO;

namespace PainterSample;

/// <summary>
/// A subscriber of three file descriptors. It distinguishes them not by searching for the descriptor but by the 32 bits of data that it
/// registered with each, and that come with every event.
/// </summary>
internal sealed class Painter : IEventSubscriber, IDisposable
{
    private const uint ProcessGreen = 0;
    private const uint ProcessRed = 1;
    private const uint ProcessBlue = 2;

    public EventFd Green { get; } = new();

    public EventFd Red { get; } = new();

    public EventFd Blue { get; } = new();

    public void Initialize(EventOps ops)
    {
        ops.Add(new Events(Green, EventSet.In, ProcessGreen));
        ops.Add(new Events(Red, EventSet.In, ProcessRed));
        ops.Add(new Events(Blue, EventSet.In, ProcessBlue));
    }

    public void Process(in Events events, EventOps ops)
    {
        switch (events.Data)
        {
            case ProcessGreen:
                Paint("green", Green);
                break;
            case ProcessRed:
                Paint("red", Red);
                break;
            case ProcessBlue:
                Paint("blue", Blue);
                break;
            default:
                throw new InvalidOperationException($"Nobody asked for {events}.");
        }
    }

    /// <summary>The manager disposes the subscribers that it still owns, together with itself.</summary>
    public void Dispose()
    {
        Green.Dispose();
        Red.Dispose();
        Blue.Dispose();
    }

    // An eventfd stays ready until its count is read.
    private static void Paint(string color, EventFd source)
    {
        source.TryTake(out ulong strokes);
        Console.WriteLine($"{color}: {strokes}");
    }
}
