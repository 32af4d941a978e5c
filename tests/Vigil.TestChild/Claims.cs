namespace Vigil.TestChild;

/// <summary>The claims of a scenario; a false claim ends the program.</summary>
internal static class Claims
{
    public static T Expect<T>(Action action)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T expected)
        {
            return expected;
        }

        throw new InvalidOperationException($"{typeof(T).Name} was expected.");
    }

    /// <summary>Runs iterations that sleep until a condition holds; its change must wake the loop.</summary>
    public static void RunUntil(this EventManager manager, Func<bool> condition)
    {
        var limit = TimeSpan.FromSeconds(60);
        DateTime end = DateTime.UtcNow + limit;
        while (!condition())
        {
            Check(DateTime.UtcNow < end, "what was waited for did not come");
            manager.RunOnce(limit);
        }
    }

    public static void Check(bool isTrue, string seen)
    {
        if (!isTrue)
        {
            throw new InvalidOperationException(seen);
        }
    }
}
