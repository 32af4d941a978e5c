using System.Collections.Concurrent;
using RemoteSubscriber;
using Vigil;
using Vigil.IO;

// The manager is created on the thread that will run it, and only its endpoint is handed over. Until the first run, a blocking call
// from the manager's creator would wait for itself, and is refused.
using BlockingCollection<RemoteEndpoint> handedOver = [];
Thread loop = new(() =>
{
    using EventManager manager = new();
    handedOver.Add(manager.RemoteEndpoint);
    manager.Run();
})
{
    Name = "loop",
};
loop.Start();
RemoteEndpoint endpoint = handedOver.Take();

// Adds a subscriber. From here on it belongs to the loop; this thread keeps its id.
using EventFd first = new();
using EventFd second = new();
SubscriberId id = endpoint.CallBlocking(manager => manager.AddSubscriber(new CountingSubscriber(first)));
Console.WriteLine($"the subscriber moved in: {id.IsValid}");

// Its interest list can be changed from here, too.
endpoint.CallBlocking(manager => manager.GetEventOps(id).Add(new Events(second, EventSet.In)));

first.TryAdd(1);
second.TryAdd(2);
SpinWait.SpinUntil(() => endpoint.CallBlocking(manager => manager.GetSubscriber<CountingSubscriber>(id).Count) == 3);

// Removes it: nothing is delivered to it any more, so this thread may read it freely.
var back = (CountingSubscriber)endpoint.CallBlocking(manager => manager.RemoveSubscriber(id));
Console.WriteLine($"it counted {back.Count} on the thread '{back.Thread}'");

endpoint.Fire(manager => manager.Stop());
loop.Join();
Console.WriteLine("the loop has stopped");
