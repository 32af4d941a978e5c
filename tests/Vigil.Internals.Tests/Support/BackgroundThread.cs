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

    /// <summary>Waits until the kernel reports that the thread sleeps.</summary>
    public void AwaitSleep() => Patience.Until(() => IsAsleep || !IsAlive, "a thread that goes to sleep");

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
    private bool IsAsleep
    {
        get
        {
            if (_id == 0)
            {
                return false;
            }

            string path = $"/proc/self/task/{_id}/stat";
            try
            {
                string stat = File.ReadAllText(path);
                return stat[stat.LastIndexOf(')') + 2] == 'S';
            }
            catch (IOException)
            {
                // The thread has ended; callers also check IsAlive.
                return false;
            }
        }
    }
}
