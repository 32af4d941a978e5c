namespace Vigil.Internals.Tests.Support;

/// <summary>How long a test waits for what must happen. It is reached only by a test that fails.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits until something has come true; fails where it does not.</summary>
    public static void Until(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, Limit), $"It did not come to pass: {what}.");
}
