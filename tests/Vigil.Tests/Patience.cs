namespace Vigil.Tests;

/// <summary>Deadlines that only a hang reaches.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits for a task on the test's own thread and returns its result or throws its exception.</summary>
    public static T Result<T>(Task<T> task) => task.WaitAsync(Limit).GetAwaiter().GetResult();

    public static void Wait(Task task) => task.WaitAsync(Limit).GetAwaiter().GetResult();

    /// <summary>Runs iterations that sleep until a condition holds; something must wake the loop or the test fails.</summary>
    public static void RunUntil(this EventManager manager, Func<bool> condition)
    {
        DateTime end = DateTime.UtcNow + Limit;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, "The condition did not come true in time.");
            manager.RunOnce(Limit);
        }
    }
}
