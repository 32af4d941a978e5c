using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Vigil.Benchmarks.Reporting;

namespace Compare.Peers;

/// <summary>A peer at work in a process of its own.</summary>
internal sealed class PeerProcess : IDisposable
{
    // Every measurement is shorter; a longer one hangs.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly string _name;
    private readonly Task<string> _errors;

    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public PeerProcess(ProcessStartInfo start, string name)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.UseShellExecute = false;
        _name = name;
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException($"{name}: {start.FileName} did not start: {exception.Message}", exception);
        }

        _errors = _process.StandardError.ReadToEndAsync();
    }

    public bool HasEnded => _process.HasExited;

    /// <summary>User and system time of all its threads so far, in steps of 10 ms.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>How often its threads were woken up so far.</summary>
    public WakeUpCounts WakeUps => WakeUpCounts.Of(_process.Id);

    /// <summary>Its next line. The call never waits for ever.</summary>
    /// <exception cref="InvalidOperationException">It ended, or it hangs.</exception>
    public string ReadLine()
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        if (!line.Wait(Limit))
        {
            _process.Kill();
            throw new InvalidOperationException($"{_name}: no answer within {Limit.TotalMinutes:0} minutes.");
        }

        return line.Result ?? throw new InvalidOperationException($"{_name}: {WhyItEnded()}");
    }

    /// <summary>The figures of its next line.</summary>
    /// <exception cref="InvalidOperationException">It ended, or it hangs.</exception>
    public double[] ReadFigures() => NativeDriver.ParseFigures(ReadLine());

    /// <exception cref="InvalidOperationException">It ended.</exception>
    public void Ask(long count)
    {
        try
        {
            _process.StandardInput.WriteLine(count.ToString(CultureInfo.InvariantCulture));
            _process.StandardInput.Flush();
        }
        catch (IOException exception)
        {
            throw new InvalidOperationException($"{_name}: {WhyItEnded()}", exception);
        }
    }

    public void Dispose()
    {
        // The end of its input is the end of its work; a process that does not react is killed.
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has already ended.
        }

        if (!_process.WaitForExit(TimeSpan.FromSeconds(2)))
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private string WhyItEnded()
    {
        _process.WaitForExit();

        // Only the first line: the others are the stack of an exception, or a driver's usage.
        string words = _errors.GetAwaiter().GetResult().Trim();
        return words.Length == 0 ? $"it ended with exit code {_process.ExitCode}." : words.Split('\n')[0].Trim();
    }
}
