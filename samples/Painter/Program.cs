using PainterSample;
using Vigil;

using EventManager manager = new();
Painter painter = new();
manager.AddSubscriber(painter);

// Any thread or process with the descriptor can raise it. If it is raised twice, it is ready once, with a count of 2.
painter.Green.TryAdd();
painter.Blue.TryAdd();
painter.Blue.TryAdd();
Console.WriteLine($"{manager.RunOnce()} events");

painter.Red.TryAdd();
Console.WriteLine($"{manager.RunOnce()} events");

Console.WriteLine($"{manager.RunOnce(TimeSpan.Zero)} events: nothing is left");
