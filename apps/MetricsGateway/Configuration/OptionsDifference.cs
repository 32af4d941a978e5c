namespace MetricsGateway.Configuration;

/// <summary>The options that differ between two sets.</summary>
internal sealed class OptionsDifference
{
    public OptionsDifference(GatewayOptions before, GatewayOptions after)
    {
        After = after;
        Changes =
        [
            .. OptionTable.All
                .Where(option => !option.IsSame(before, after))
                .Select(option => new OptionChange(option.Name, option.Format(before), option.Format(after))),
        ];
    }

    /// <summary>All options of the new set.</summary>
    public GatewayOptions After { get; }

    /// <summary>The options that differ, in the order of the table.</summary>
    public IReadOnlyList<OptionChange> Changes { get; }

    public bool Contains(string option) => Changes.Any(change => string.Equals(change.Name, option, StringComparison.Ordinal));
}

/// <param name="Name">The option.</param>
/// <param name="Before">Its old value, as text.</param>
/// <param name="After">Its new value, as text.</param>
internal sealed record OptionChange(string Name, string Before, string After);
