using System.Globalization;
using System.Text;
using Microsoft.Extensions.Hosting;
using Vigil;
using Vigil.IO;

namespace WorkerService;

/// <summary>Reads numbers from standard input. Everything in it belongs to the loop's thread, so there are no locks.</summary>
internal sealed class NumberReader(IHostApplicationLifetime lifetime) : IEventSubscriber
{
    private const int StandardInput = 0;
    private const int MaxDigits = 20;

    private readonly byte[] _buffer = new byte[4096];
    private readonly StringBuilder _line = new();

    /// <summary>The sum so far. On the loop.</summary>
    public long Total { get; private set; }

    public void Initialize(EventOps ops) => ops.Add(new Events(StandardInput, EventSet.In));

    public void Process(in Events events, EventOps ops)
    {
        IOResult read = NonBlocking.TryRead(events.Fd, _buffer);
        foreach (char character in Encoding.ASCII.GetString(_buffer, 0, read.Count))
        {
            if (character == '\n')
            {
                Add(_line.ToString());
                _line.Clear();
            }
            else if (_line.Length < MaxDigits)
            {
                _line.Append(character);
            }
        }

        if (read.IsEndOfStream || read.IsFailure)
        {
            ops.Remove(events.Fd);
            lifetime.StopApplication();
        }
    }

    private void Add(string line)
    {
        if (long.TryParse(line, NumberStyles.Integer, CultureInfo.InvariantCulture, out long number))
        {
            Total += number;
        }
    }
}
