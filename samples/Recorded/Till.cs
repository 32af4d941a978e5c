using System.Globalization;
using System.Text;
using Vigil;
using Vigil.IO;

namespace RecordedSample;

/// <summary>Adds up the amounts that it reads, one a line, and says when each came. It ends with its input, a moment later.</summary>
internal sealed class Till
{
    private readonly EventManager _manager;
    private readonly FdHandle _input;
    private readonly TextWriter _output;
    private readonly SocketEvent _source;
    private readonly StringBuilder _line = new();
    private readonly byte[] _buffer = new byte[256];
    private readonly long _start;

    public Till(EventManager manager, FdHandle input, TextWriter output)
    {
        _manager = manager;
        _input = input;
        _output = output;
        _start = manager.TimeProvider.GetTimestamp();
        _source = manager.CreateSocketEvent(input, EventSet.In, OnReadable);
    }

    /// <summary>The sum of the amounts.</summary>
    public long Total { get; private set; }

    private void OnReadable(SocketEvent source, EventSet ready)
    {
        IOResult result = NonBlocking.TryRead(_input, _buffer);
        if (result.WouldBlock)
        {
            return;
        }

        if (!result.IsSuccess || result.IsEndOfStream)
        {
            _source.Cancel();
            _manager.CreateTimerEvent(TimeSpan.FromMilliseconds(10), (_, _) => _manager.Stop());
            return;
        }

        foreach (char character in Encoding.ASCII.GetString(_buffer, 0, result.Count))
        {
            if (character == '\n')
            {
                OnLine(_line.ToString());
                _line.Clear();
            }
            else if (_line.Length < _buffer.Length)
            {
                _line.Append(character);
            }
        }
    }

    private void OnLine(string line)
    {
        if (int.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int amount))
        {
            Total += amount;
            TimeSpan after = _manager.TimeProvider.GetElapsedTime(_start);
            _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{amount} after {after.TotalSeconds:F6} s"));
        }
        else
        {
            _output.WriteLine($"not an amount: {line}");
        }
    }
}
