using Vigil.Interop;

namespace Vigil.Threading;

/// <summary>A thread of the library: in the background, and without the execution context of its starter.</summary>
internal sealed class LibraryThread
{
    private readonly Thread _thread;

    /// <param name="name">Its name; the kernel keeps 15 bytes.</param>
    /// <param name="run">What it runs. An exception from it ends the process.</param>
    public LibraryThread(string name, Action run)
    {
        Name = name;
        _thread = new Thread(() => run()) { Name = name, IsBackground = true };
    }

    public string Name { get; }

    /// <summary>Starts it, once.</summary>
    /// <exception cref="EventManagerException">No thread is available; it was not started.</exception>
    public void Start()
    {
        try
        {
            _thread.UnsafeStart();
        }
        catch (OutOfMemoryException)
        {
            // The runtime's sign that pthread_create(3) failed, which returns EAGAIN for all of these reasons.
            throw new EventManagerException(
                EventManagerError.LimitReached,
                $"The thread {Name} could not be started. "
                    + "The limit of threads is reached (ulimit -u, LimitNPROC= and TasksMax= of a service, pids.max of a control group), "
                    + "or there is no memory for its stack.",
                errno: Errno.EAGAIN);
        }
    }

    /// <summary>
    /// Restores the properties that users' code may have changed. For the thread itself, between two pieces of that code.
    /// </summary>
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

    /// <summary>
    /// Discards an interrupt that arrived after the code that it was meant for had ended. For the thread itself; does not wait.
    /// </summary>
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
