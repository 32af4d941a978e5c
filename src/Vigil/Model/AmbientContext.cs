using System.Runtime.CompilerServices;

namespace Vigil;

/// <summary>
/// The ambient state of callbacks: the synchronization context, and the <see cref="ExecutionContext"/> with async locals, culture and
/// current activity.
/// </summary>
/// <remarks>
/// <para>User code on the loop and on workers begins in the default context. A callback with its own context, its sender's or its
/// creator's, enters that first. Its changes are undone when it has returned, before the next callback. So no callback sees another's
/// changes.</para>
/// <para>Most callbacks have the default context, which costs nothing: it is represented by null and not entered, and the end of a callback
/// takes two comparisons.</para>
/// </remarks>
internal static class AmbientContext
{
    private static readonly ExecutionContext Default = CaptureDefault();

    // False if a runtime has other fields. Then the properties are read, which have the same values but take longer.
    internal static readonly bool HasFields = ProbeFields();

    /// <summary>
    /// The caller's context, for what it sends or creates; null if it is the default one, or its flow is suppressed
    /// (<see cref="ExecutionContext.SuppressFlow"/>).
    /// </summary>
    public static ExecutionContext? Flowing
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            // A thread that has never had another context has none. Most have not.
            if (HasFields && ExecutionContextOf(Thread.CurrentThread) is null)
            {
                return null;
            }

            ExecutionContext? context = ExecutionContext.Capture();
            return context == Default ? null : context;
        }
    }

    /// <summary>
    /// Before a callback with its own context. The caller must call <see cref="EndCallback(SynchronizationContext)"/> afterwards, also
    /// after an exception.
    /// </summary>
    public static void Enter(ExecutionContext context) => ExecutionContext.Restore(context);

    /// <summary>A callback has returned or thrown: restores the thread's state.</summary>
    /// <param name="own">The synchronization context that the thread's callbacks run with.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void EndCallback(SynchronizationContext? own)
    {
        if (ExecutionContext.Capture() != Default || SynchronizationContext.Current != own)
        {
            Restore(own);
        }
    }

    /// <summary>
    /// As <see cref="EndCallback(SynchronizationContext)"/>, for the dispatch of many events. The properties find the thread in
    /// thread-local storage, a call that takes 2 ns, up to a third of the rest of an event's dispatch. This reads the fields.
    /// </summary>
    /// <param name="own">The synchronization context that the thread's callbacks run with.</param>
    /// <param name="thread">The calling thread.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void EndCallback(SynchronizationContext? own, Thread thread)
    {
        if (!HasFields)
        {
            EndCallback(own);
        }
        else if ((ExecutionContextOf(thread) is { } context && context != Default) || SynchronizationContextOf(thread) != own)
        {
            Restore(own);
        }
    }

    /// <summary>Enters a context on a thread that is not Vigil's, until the scope is disposed.</summary>
    /// <param name="context">The context; null for the default one.</param>
    /// <param name="own">The synchronization context that goes with it.</param>
    public static Scope EnterScope(ExecutionContext? context, SynchronizationContext? own) => new(context ?? Default, own);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Restore(SynchronizationContext? own)
    {
        ExecutionContext.Restore(Default);
        SynchronizationContext.SetSynchronizationContext(own);
    }

    // The fields must exist and agree with the properties.
    private static bool ProbeFields()
    {
        SynchronizationContext? own = SynchronizationContext.Current;
        ExecutionContext? context = ExecutionContext.Capture();
        try
        {
            var probe = new SynchronizationContext();
            SynchronizationContext.SetSynchronizationContext(probe);
            return SynchronizationContextOf(Thread.CurrentThread) == probe
                && (context is null || (ExecutionContextOf(Thread.CurrentThread) ?? Default) == context);
        }
        catch (MissingFieldException)
        {
            return false;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(own);
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_executionContext")]
    private static extern ref ExecutionContext? ExecutionContextOf(Thread thread);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_synchronizationContext")]
    private static extern ref SynchronizationContext? SynchronizationContextOf(Thread thread);

    // The runtime does not expose it. A thread started without flow has it.
    private static ExecutionContext CaptureDefault()
    {
        ExecutionContext? context = null;
        try
        {
            var thread = new Thread(() => context = ExecutionContext.Capture()) { Name = "vigil-context", IsBackground = true };
            thread.UnsafeStart();
            Await(thread);
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            // No thread is available. The first caller's context takes its place, and is the one that all callbacks begin with.
            context = ExecutionContext.Capture();
        }

        return context!;
    }

    // An interrupt of the first caller is not meant for this, and would make the type fail for the whole process. It is pending again
    // afterwards.
    private static void Await(Thread thread)
    {
        bool wasInterrupted = false;
        bool hasEnded = false;
        while (!hasEnded)
        {
            try
            {
                thread.Join();
                hasEnded = true;
            }
            catch (ThreadInterruptedException)
            {
                wasInterrupted = true;
            }
        }

        if (wasInterrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    /// <summary>Keeps a thread's previous state, and restores it.</summary>
    public readonly ref struct Scope
    {
        private readonly ExecutionContext _outer;
        private readonly SynchronizationContext? _outerOwn;
        private readonly bool _wasSuppressed;

        public Scope(ExecutionContext context, SynchronizationContext? own)
        {
            _outerOwn = SynchronizationContext.Current;
            ExecutionContext? outer = ExecutionContext.Capture();
            if (outer is null)
            {
                // A context whose flow is suppressed cannot be captured.
                _wasSuppressed = true;
                ExecutionContext.RestoreFlow();
                outer = ExecutionContext.Capture();
            }

            _outer = outer!;
            if (_outer != context)
            {
                ExecutionContext.Restore(context);
            }

            if (_outerOwn != own)
            {
                SynchronizationContext.SetSynchronizationContext(own);
            }
        }

        public void Dispose()
        {
            if (ExecutionContext.Capture() != _outer)
            {
                ExecutionContext.Restore(_outer);
            }

            if (SynchronizationContext.Current != _outerOwn)
            {
                SynchronizationContext.SetSynchronizationContext(_outerOwn);
            }

            if (_wasSuppressed)
            {
                ExecutionContext.SuppressFlow();
            }
        }
    }
}
