using System.Text.Json;

namespace MetricsGateway.Protocols;

/// <summary>Rejected lines by reason.</summary>
internal sealed class Rejections
{
    private static readonly RejectionReason[] AllReasons =
        [.. Enum.GetValues<RejectionReason>().Where(reason => reason != RejectionReason.None)];

    private static readonly string[] Names =
        [.. Enum.GetNames<RejectionReason>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    private readonly long[] _counts = new long[Names.Length];

    public static IReadOnlyList<RejectionReason> Reasons => AllReasons;

    public long Total { get; private set; }

    public long this[RejectionReason reason] => _counts[(int)reason];

    /// <summary>The reason in text form: <c>invalid_value</c>.</summary>
    public static string NameOf(RejectionReason reason) => Names[(int)reason];

    public void Add(RejectionReason reason)
    {
        _counts[(int)reason]++;
        Total++;
    }
}
