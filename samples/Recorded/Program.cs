using System.Globalization;
using RecordedSample;
using Vigil;
using Vigil.IO;

if (args is not [("record" or "replay") and string mode, string path])
{
    Console.Error.WriteLine("Usage: printf '3\\n4\\n' | dotnet run --project samples/Recorded -- record FILE, and then: -- replay FILE");
    return 2;
}

try
{
    using Recorder recorder = string.Equals(mode, "record", StringComparison.Ordinal) ? Recorder.ToFile(path) : Recorder.Replay(path);
    using var manager = new EventManager(new EventManagerOptions { Recorder = recorder });

    // In a replay nothing is opened: the recording has what was read.
    using FdHandle input = recorder.Open("standard input", static () => new FdHandle(0, ownsHandle: false));
    var till = new Till(manager, input, Console.Out);
    manager.Run();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"total {till.Total}"));
    return 0;
}
catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException
    or ReplayDivergedException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
