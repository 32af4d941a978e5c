using System.Collections.Concurrent;
using System.Threading.Channels;
using Vigil;
using Vigil.Benchmarks.Workloads;

namespace Compare.Managed;

/// <summary>Another thread that runs the actions it gets.</summary>
internal abstract class Mailbox : IDisposable
{
    /// <summary>Sends an action; any thread.</summary>
    public abstract void Post(Action action);

    public abstract void Dispose();
}

/// <summary>Vigil's, by <c>RemoteEndpoint.Fire</c> with the action as the state, which avoids a closure.</summary>
internal sealed class VigilMailbox : Mailbox
{
    private readonly LoopThread _loop = new(new EventManagerOptions());

    public override void Post(Action action) => _loop.Endpoint.Fire(static (_, action) => action(), action);

    public override void Dispose() => _loop.Dispose();
}

/// <summary>A channel with one reader.</summary>
internal sealed class ChannelMailbox : Mailbox
{
    private readonly Channel<Action> _channel = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });

    public ChannelMailbox() => _ = Task.Run(ReadAsync);

    public override void Post(Action action) => _channel.Writer.TryWrite(action);

    public override void Dispose() => _channel.Writer.Complete();

    private async Task ReadAsync()
    {
        while (await _channel.Reader.WaitToReadAsync())
        {
            while (_channel.Reader.TryRead(out Action? action))
            {
                action();
            }
        }
    }
}

/// <summary>A thread that takes from a blocking collection.</summary>
internal sealed class BlockingMailbox : Mailbox
{
    private readonly BlockingCollection<Action> _actions = [];

    public BlockingMailbox() => new Thread(Run) { IsBackground = true }.Start();

    public override void Post(Action action) => _actions.Add(action);

    public override void Dispose() => _actions.CompleteAdding();

    private void Run()
    {
        foreach (Action action in _actions.GetConsumingEnumerable())
        {
            action();
        }
    }
}

/// <summary>The runtime's pool, which keeps no order and runs on several threads.</summary>
internal sealed class ThreadPoolMailbox : Mailbox
{
    public override void Post(Action action) => ThreadPool.UnsafeQueueUserWorkItem(static action => action(), action, preferLocal: false);

    public override void Dispose()
    {
        // The pool belongs to the process.
    }
}
