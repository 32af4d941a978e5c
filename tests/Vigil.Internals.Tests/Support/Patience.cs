namespace Vigil.Internals.Tests.Support;

/// <summary>How long a test waits for something that must happen. Only a failing test waits that long.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits until a condition is true; fails if it does not become true.</summary>
    public static void Until(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, Limit), $"It did not come to pass: {what}.");
}
