using System.Globalization;
using System.Runtime.ExceptionServices;

namespace Vigil.Internals.Tests.Support;

/// <summary>A function on a thread of its own. <see cref="Result"/> throws its exception.</summary>
internal sealed class BackgroundThread<T>
{
    private readonly Thread _thread;
    private T? _result;
    private Exception? _exception;
    private volatile int _id;

    public BackgroundThread(Func<T> function)
    {
        _thread = new Thread(() =>
        {
            try
            {
                _id = LibC.CurrentThreadId();
                _result = function();
            }
            catch (Exception exception)
            {
                _exception = exception;
            }
        })
        {
            IsBackground = true,
        };
        _thread.Start();
    }

    public bool IsAlive => _thread.IsAlive;

    /// <summary>
    /// Waits until the thread sleeps in the kernel, or has slept since the call. On a busy processor a thread that sleeps for a millisecond
    /// at a time is hardly ever seen asleep: it waits for the processor most of the time.
    /// </summary>
    public void AwaitSleep()
    {
        Patience.Until(() => _id != 0 || !IsAlive, "a thread that starts");
        long before = Sleeps;
        Patience.Until(() => IsAsleep || Sleeps > before || !IsAlive, "a thread that goes to sleep");
    }

    public void Signal(int signal) => LibC.SignalThread(_id, signal);

    /// <summary>Waits for the thread's end.</summary>
    public T Result()
    {
        Assert.True(_thread.Join(Patience.Limit), "The thread did not end.");
        if (_exception is not null)
        {
            ExceptionDispatchInfo.Throw(_exception);
        }

        return _result!;
    }

    // The state follows the name, which is in parentheses (proc_pid_stat(5)).
    private bool IsAsleep => Read("stat") is { } stat && stat[stat.LastIndexOf(')') + 2] == 'S';

    // A yield is an involuntary switch (proc_pid_status(5)).
    private long Sleeps
    {
        get
        {
            const string Name = "\nvoluntary_ctxt_switches:";
            string status = Read("status") ?? "";
            int start = status.IndexOf(Name, StringComparison.Ordinal);
            return start < 0 ? 0 : long.Parse(status[(start + Name.Length)..].Split('\n')[0], CultureInfo.InvariantCulture);
        }
    }

    private string? Read(string file)
    {
        try
        {
            return File.ReadAllText($"/proc/self/task/{_id}/{file}");
        }
        catch (IOException)
        {
            // The thread has ended; whoever waits looks at IsAlive too.
            return null;
        }
    }
}
