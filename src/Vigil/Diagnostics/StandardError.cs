namespace Vigil.Diagnostics;

/// <summary>
/// The last resort for reports without listeners. If standard error cannot be written (closed, full, a pipe without a reader), or a user's
/// <c>ToString</c> throws, the failure is ignored: nobody is left to report to, and a report must not end what works without it.
/// </summary>
internal static class StandardError
{
    /// <summary>Writes a line, on any thread. Throws nothing, not even if formatting the text does.</summary>
    public static void WriteLine(FormattableString text)
    {
        try
        {
            Console.Error.WriteLine(FormattableString.CurrentCulture(text));
        }
        catch (Exception)
        {
            // See above.
        }
    }
}
