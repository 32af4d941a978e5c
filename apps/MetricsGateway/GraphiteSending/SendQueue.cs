namespace MetricsGateway.GraphiteSending;

/// <summary>
/// Lines that wait to be sent, up to a bound in bytes. Beyond it the oldest are dropped, always as whole lines, and counted. Lines that
/// were sent in part are not dropped: the receiver would take the next line for their end.
/// </summary>
/// <param name="pool">Takes blocks that were sent or dropped.</param>
/// <param name="limit">The first <see cref="Limit"/>.</param>
internal sealed class SendQueue(LineBlockPool pool, long limit)
{
    private readonly LinkedList<LineBlock> _blocks = [];
    private int _sentOfFirst;

    /// <summary>How many bytes may wait.</summary>
    public long Limit { get; set; } = limit;

    /// <summary>How many bytes wait.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many lines wait, including one that was sent in part.</summary>
    public long Lines { get; private set; }

    /// <summary>Lines that were sent as a whole.</summary>
    public long SentLines { get; private set; }

    public long SentBytes { get; private set; }

    public long DroppedLines { get; private set; }

    public bool IsEmpty => Bytes == 0;

    /// <summary>The bytes to send next; empty if nothing waits.</summary>
    public ReadOnlySpan<byte> Next => _blocks.First is { } first ? first.Value.Text[_sentOfFirst..] : default;

    /// <summary>Adds blocks of whole lines.</summary>
    public void Add(IEnumerable<LineBlock> blocks)
    {
        foreach (LineBlock block in blocks)
        {
            Bytes += block.Length;
            Lines += block.Lines;
            if (_blocks.Last is { } last && last.Value.Room >= block.Length)
            {
                // Small flushes share a block: with one block each they would take many times the memory that they are counted with.
                last.Value.Append(block);
                pool.Return(block);
            }
            else
            {
                _blocks.AddLast(block);
            }
        }

        Trim();
    }

    /// <summary>That many bytes of <see cref="Next"/> were sent.</summary>
    public void Advance(int count)
    {
        LineBlock first = _blocks.First!.Value;
        int lines = first.Bytes.AsSpan(_sentOfFirst, count).Count((byte)'\n');
        Bytes -= count;
        SentBytes += count;
        Lines -= lines;
        SentLines += lines;
        _sentOfFirst += count;
        if (_sentOfFirst == first.Length)
        {
            RemoveFirst();
        }
    }

    /// <summary>The connection is lost: a line that was sent in part is sent again as a whole over the next one.</summary>
    public void RewindToLine()
    {
        if (_blocks.First is { } first)
        {
            int begin = first.Value.Bytes.AsSpan(0, _sentOfFirst).LastIndexOf((byte)'\n') + 1;
            Bytes += _sentOfFirst - begin;
            SentBytes -= _sentOfFirst - begin;
            _sentOfFirst = begin;
        }

        Trim();
    }

    /// <summary>Drops lines beyond the limit.</summary>
    public void Trim()
    {
        while (Bytes > Limit && _blocks.First is { } first)
        {
            bool isSending = _sentOfFirst > 0 && first.Value.Bytes[_sentOfFirst - 1] != (byte)'\n';
            LinkedListNode<LineBlock>? oldest = isSending ? first.Next : first;
            if (oldest is null)
            {
                return;
            }

            Drop(oldest);
        }
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        while (_blocks.First is { } first)
        {
            Drop(first);
        }
    }

    private void Drop(LinkedListNode<LineBlock> node)
    {
        LineBlock block = node.Value;
        int sent = node.Previous is null ? _sentOfFirst : 0;
        int lines = block.Text[sent..].Count((byte)'\n');
        Bytes -= block.Length - sent;
        Lines -= lines;
        DroppedLines += lines;
        if (node.Previous is null)
        {
            RemoveFirst();
        }
        else
        {
            _blocks.Remove(node);
            pool.Return(block);
        }
    }

    private void RemoveFirst()
    {
        pool.Return(_blocks.First!.Value);
        _blocks.RemoveFirst();
        _sentOfFirst = 0;
    }
}
