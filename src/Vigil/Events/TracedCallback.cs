using System.Diagnostics;
using System.Runtime.CompilerServices;
using Vigil.Diagnostics;

namespace Vigil;

/// <summary>Callbacks of events with an activity, in their creator's context. On the loop, or on a worker.</summary>
internal static class TracedCallback
{
    /// <summary>A callback begins: its activity, or null if nobody listens or it belongs to no trace.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Activity? Start(CallbackEvent source) => CallbackActivity.IsWanted ? StartWanted(source) : null;

    /// <summary>Calls a callback on the loop whose end is its return. Passes on what it throws.</summary>
    /// <param name="source">The event.</param>
    /// <param name="argument">The callback's argument.</param>
    /// <param name="callback">The Invoke of the user's delegate.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Invoke<TSource, TArgument>(TSource source, TArgument argument, Action<TSource, TArgument> callback)
        where TSource : CallbackEvent
    {
        bool wasOver = source.IsCancelled;
        Activity? activity = Start(source);
        if (source.IsCancelled && !wasOver)
        {
            // By a listener, which was notified of the start.
            CallbackActivity.End(activity);
            return;
        }

        try
        {
            callback(source, argument);
        }
        catch (Exception exception)
        {
            CallbackActivity.Fail(activity, exception);
            throw;
        }

        CallbackActivity.End(activity);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Activity? StartWanted(CallbackEvent source) => CallbackActivity.StartCallback(
        source.Core.Name, source.Callback, source.FaultOrigin, source.Name, source.TakeSenders());
}
