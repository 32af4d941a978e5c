using System.Globalization;
using Vigil.Interop;

namespace Vigil;

/// <summary>The variables by which the service manager tells a program what it has got.</summary>
internal static class StarterVariables
{
    public const string NotifySocket = "NOTIFY_SOCKET";
    public const string WatchdogPeriod = "WATCHDOG_USEC";
    public const string WatchdogProcess = "WATCHDOG_PID";
    public const string StoreCapacity = "FDSTORE";
    /// <summary>The variables of <see cref="ServiceNotifier.FromEnvironment"/>.</summary>
    public static readonly string[] OfNotifier = [NotifySocket, WatchdogPeriod, WatchdogProcess, StoreCapacity];

    public const string ListenProcess = "LISTEN_PID";
    public const string ListenProcessId = "LISTEN_PIDFDID";
    public const string ListenCount = "LISTEN_FDS";
    public const string ListenNames = "LISTEN_FDNAMES";

    /// <summary>The variables of <see cref="InheritedDescriptors.Take()"/>.</summary>
    public static readonly string[] OfDescriptors = [ListenProcess, ListenProcessId, ListenCount, ListenNames];

    /// <summary>A variable's value; null if it is missing or empty.</summary>
    public static string? Read(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>
    /// Removes variables, so that no child gets them. The runtime copies the C library's environment when it is first changed or listed:
    /// children that <see cref="System.Diagnostics.Process"/> starts get that copy, all others the original.
    /// </summary>
    public static void Clear(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            Environment.SetEnvironmentVariable(name, null);
            ExecNative.ClearEnvironment(name);
        }
    }

    /// <summary>A whole number of decimal digits, as C programs write it.</summary>
    public static bool TryParse(string text, long most, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most;

    /// <summary>A number that is a process's id; an exception that names the variable if it is not.</summary>
    public static int ProcessIdOf(string variable, string text) =>
        TryParse(text, int.MaxValue, out long number) && number > 0
            ? (int)number
            : throw Invalid(variable, text, "a process id is a number of 1 or more");

    /// <summary>How long the service manager waits for a sign of life of this process; null for ever.</summary>
    public static TimeSpan? ReadWatchdogPeriod()
    {
        if (Read(WatchdogPeriod) is not { } text
            || (Read(WatchdogProcess) is { } process && ProcessIdOf(WatchdogProcess, process) != Environment.ProcessId))
        {
            return null;
        }

        return TryParse(text, TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond, out long microseconds) && microseconds > 0
            ? new TimeSpan(microseconds * TimeSpan.TicksPerMicrosecond)
            : throw Invalid(WatchdogPeriod, text, "a period is a number of microseconds, 1 or more and less than 29,000 years");
    }

    /// <summary>How many descriptors the service manager keeps.</summary>
    public static int ReadStoreCapacity() =>
        Read(StoreCapacity) is not { } text ? 0
        : TryParse(text, int.MaxValue, out long capacity) ? (int)capacity
        : throw Invalid(StoreCapacity, text, "a number of descriptors is 0 or more");

    /// <summary>The exception for a value that cannot be used.</summary>
    public static EventManagerException Invalid(string variable, string value, string reason, int? fd = null, int errno = 0) => new(
        EventManagerError.InvalidEnvironment,
        $"The variable {variable}={value} cannot be used: {reason}. The service manager, or whoever started this program, has set it.",
        fd,
        errno);
}
