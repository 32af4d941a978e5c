namespace Vigil.Diagnostics;

/// <summary>
/// The last resort for what nobody listens to. Where standard error cannot be written to (closed, full, a pipe without a reader), or the text cannot be made of what a user's
/// <c>ToString</c> throws, nothing more is done about it: there is nobody left to tell, and a report must not end what goes on without it.
/// </summary>
internal static class StandardError
{
    /// <summary>Writes a line, on any thread. Throws nothing; the text is made in here.</summary>
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
