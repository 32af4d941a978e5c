using Vigil.Interop;

namespace Vigil.Threading;

/// <summary>A thread of the library's own: in the background, and without the execution context of whoever happens to start it.</summary>
internal sealed class LibraryThread
{
    private readonly Thread _thread;

    /// <param name="name">Its name, of which the kernel shows 15 bytes.</param>
    /// <param name="run">What it runs. What that throws ends the process.</param>
    public LibraryThread(string name, Action run)
    {
        Name = name;
        _thread = new Thread(() => run()) { Name = name, IsBackground = true };
    }

    public string Name { get; }

    /// <summary>Starts it, once.</summary>
    /// <exception cref="EventManagerException">There is no thread to be had; it was not started.</exception>
    public void Start()
    {
        try
        {
            _thread.UnsafeStart();
        }
        catch (OutOfMemoryException)
        {
            // So the runtime says that pthread_create(3) failed, which has EAGAIN for all of these reasons.
            throw new EventManagerException(
                EventManagerError.LimitReached,
                $"The thread {Name} could not be started. As many run as may (ulimit -u, LimitNPROC= and TasksMax= of a service, pids.max of a control group), or there is no memory for its stack.",
                errno: Errno.EAGAIN);
        }
    }

    /// <summary>Makes it what it was when it was started, whatever users' code has made of it. For the thread itself, between two pieces of that code.</summary>
    public void Restore()
    {
        if (!_thread.IsBackground)
        {
            _thread.IsBackground = true;
        }

        if (!ReferenceEquals(_thread.Name, Name))
        {
            _thread.Name = Name;
        }
    }

    /// <summary>An interrupt that came when the code that it was meant for had ended is for nobody. For the thread itself, which waits for nothing here.</summary>
    public static void ForgetInterrupt()
    {
        try
        {
            Thread.Sleep(0);
        }
        catch (ThreadInterruptedException)
        {
            // Not pending any more.
        }
    }
}
