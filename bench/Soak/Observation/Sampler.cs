using System.Diagnostics;

namespace Soak.Observation;

/// <summary>Looks at both processes once per period, on a thread of its own.</summary>
internal sealed class Sampler : IDisposable
{
    private readonly int _gateway;
    private readonly TimeSpan _period;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Lock _lock = new();
    private readonly List<Sample> _samples = [];
    private readonly List<(TimeSpan Begin, TimeSpan End)> _rests = [];
    private readonly ManualResetEventSlim _end = new();
    private readonly Thread _thread;

    public Sampler(int gateway, TimeSpan period)
    {
        _gateway = gateway;
        _period = period;
        _thread = new Thread(Run) { Name = "soak-sampler", IsBackground = true };
        _thread.Start();
    }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    public IReadOnlyList<Sample> Samples
    {
        get
        {
            lock (_lock)
            {
                return [.. _samples];
            }
        }
    }

    /// <summary>When nothing was to be done, and everything was to end.</summary>
    public IReadOnlyList<(TimeSpan Begin, TimeSpan End)> Rests => _rests;

    public void AddRest(TimeSpan begin) => _rests.Add((begin, Elapsed));

    public void Dispose()
    {
        _end.Set();
        _thread.Join();
        _end.Dispose();
    }

    private void Run()
    {
        do
        {
            try
            {
                var gateway = Figures.Of(ProcessReading.Of(_gateway));
                var soak = Figures.Of(ProcessReading.Of(Environment.ProcessId));
                lock (_lock)
                {
                    _samples.Add(new Sample(Elapsed, gateway, soak));
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The gateway has ended. Whoever waits for it says so.
            }
        }
        while (!_end.Wait(_period));
    }
}
