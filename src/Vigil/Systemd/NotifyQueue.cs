namespace Vigil;

/// <summary>Messages that found the socket full, in order. Under the notifier's lock.</summary>
internal sealed class NotifyQueue
{
    /// <summary>How many messages may wait.</summary>
    public const int MaxMessages = 64;

    /// <summary>How many bytes they may have.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>How many descriptors they may hold open.</summary>
    public const int MaxDescriptors = 253;

    private readonly Queue<NotifyMessage> _waiting = new();
    private int _bytes;
    private int _descriptors;

    public int Count => _waiting.Count;

    /// <summary>Adds a message; false if there is no room.</summary>
    public bool TryAdd(NotifyMessage message)
    {
        if (_waiting.Count == MaxMessages
            || _bytes + message.Text.Length > MaxBytes
            || _descriptors + message.Numbers.Length > MaxDescriptors)
        {
            return false;
        }

        _waiting.Enqueue(message);
        _bytes += message.Text.Length;
        _descriptors += message.Numbers.Length;
        return true;
    }

    /// <summary>The first message.</summary>
    public bool TryPeek(out NotifyMessage? message) => _waiting.TryPeek(out message);

    /// <summary>Takes the first message away; the caller disposes it.</summary>
    public NotifyMessage Remove()
    {
        NotifyMessage first = _waiting.Dequeue();
        _bytes -= first.Text.Length;
        _descriptors -= first.Numbers.Length;
        return first;
    }
}
