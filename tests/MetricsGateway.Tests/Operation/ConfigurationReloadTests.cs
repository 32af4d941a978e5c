using System.Runtime.CompilerServices;
using MetricsGateway.Configuration;
using MetricsGateway.Operation;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Network;
using Vigil;

namespace MetricsGateway.Tests.Operation;

/// <summary>Callers that wait for a long load.</summary>
public sealed class ConfigurationReloadTests : IDisposable
{
    private readonly TestConfiguration _configuration = new();
    private readonly HeldWork _workers = new();
    private readonly List<string> _told = [];
    private readonly EventManager _manager;
    private readonly ConfigurationReload _reload;

    public ConfigurationReloadTests()
    {
        _manager = new EventManager(new EventManagerOptions { Workers = _workers });
        ConfigurationSource source = _configuration.Source();
        _reload = new ConfigurationReload(source, source.Load(), _manager, thread: 0, _ => () => "changed", _ => { });
    }

    public void Dispose()
    {
        _manager.Dispose();
        _configuration.Dispose();
    }

    [Fact]
    public void Who_is_gone_is_not_told_and_not_kept()
    {
        WeakReference duringLoad = AskAndLeave("gone during the load", afterwards: () => _manager.RunOnce(TimeSpan.Zero));
        _reload.Run(_ => _told.Add("first"));
        WeakReference beforeLoad = AskAndLeave("gone before it", afterwards: () => { });
        _reload.Run(_ => _told.Add("second"));

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(duringLoad.IsAlive);
        Assert.False(beforeLoad.IsAlive);

        Patience.WaitUntil(
            () =>
            {
                _workers.RunAll();
                _manager.RunOnce(TimeSpan.Zero);
                return _told.Count == 2;
            },
            () => string.Join(", ", _told));
        Assert.Equal(["first", "second"], _told.Order());
    }

    // Not inlined, so that no reference to it stays on the stack.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference AskAndLeave(string name, Action afterwards)
    {
        Asker asker = new(name, _told);
        _reload.Run(asker.OnDone);
        afterwards();
        _reload.Forget(asker.OnDone);
        return new WeakReference(asker);
    }

    private sealed class Asker(string name, List<string> told)
    {
        public void OnDone(string result) => told.Add(name);
    }
}
