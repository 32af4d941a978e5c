using System.Diagnostics;

namespace Vigil.Diagnostics;

/// <summary>Nobody listens to activities here.</summary>
internal static class CallbackActivity
{
    public static bool IsWantedHere => false;

    public static void End(Activity? activity)
    {
    }

    public static void Fail(Activity? activity, Exception exception)
    {
    }
}
