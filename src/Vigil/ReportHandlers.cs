namespace Vigil;

/// <summary>Tells whoever listens to the watchdog, on its thread, which nothing may end. What nobody listens to, and what a handler throws, goes to standard error.</summary>
internal static class ReportHandlers
{
    public static void Tell<TReport>(EventHandler<TReport>? handlers, object sender, TReport report)
        where TReport : notnull
    {
        if (handlers is null)
        {
            StandardError.WriteLine($"{report}");
        }

        foreach (EventHandler<TReport> handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                handler(sender, report);
            }
            catch (Exception exception)
            {
                StandardError.WriteLine($"A handler of the watchdog's report ({report}) threw: {exception}");
            }
        }
    }
}
