namespace Vigil.Benchmarks.Ratio;

/// <summary>The results as a Markdown table.</summary>
internal sealed class RatioTable
{
    private const string Nothing = "–";

    private readonly List<string> _lines = [];
    private readonly List<string> _remarks = [];

    public RatioTable()
    {
        AddLine("case", "raw C", "Vigil", "min–max", "ratio", "min–max", "allocated", "budget", "kept");
        AddLine("---", "--:", "--:", "--:", "--:", "--:", "--:", "---", "---");
    }

    public IEnumerable<string> Lines => _remarks.Count == 0 ? _lines : [.. _lines, "", .. _remarks];

    public void Add(RatioResult result)
    {
        TimeUnit unit = result.Case.Unit;
        AddLine(
            result.Case.Name,
            result.Native is { } native ? Time(native.Median, unit) : Nothing,
            Time(result.Vigil.Median, unit),
            $"{Number(result.Vigil.Min, unit)}–{Number(result.Vigil.Max, unit)}",
            result.Ratios is { } ratios ? $"{ratios.Median:F3}×" : Nothing,
            result.Ratios is { } spread ? $"{spread.Min:F3}–{spread.Max:F3}" : Nothing,
            $"{result.AllocatedBytes.Median:0.##} B",
            result.Case.Budget.Describe(unit),
            Verdict(result.Case.Budget.IsKeptBy(result)));
    }

    public void AddFirstStartup(string name, TimeSpan elapsed) => AddSingle(
        name,
        Time(elapsed.TotalNanoseconds, TimeUnit.Microsecond),
        budget: Nothing,
        isKept: null);

    public void AddMemory(string name, double bytesPerDescriptor)
    {
        const int Budget = 120;
        AddSingle(name, $"{bytesPerDescriptor:F1} B", $"≤ {Budget} B", bytesPerDescriptor <= Budget);
    }

    public void AddNotMeasured(string name, string why) => _remarks.Add($"Not measured: {name}. {why}");

    private static string Time(double nanoseconds, TimeUnit unit) => $"{Number(nanoseconds, unit)} {unit.Symbol}";

    private static string Number(double nanoseconds, TimeUnit unit)
    {
        double value = nanoseconds / unit.Nanoseconds;
        return value.ToString(value < 10 ? "F2" : "F1");
    }

    private static string Verdict(bool? isKept) => isKept switch
    {
        true => "yes",
        false => "**no**",
        null => Nothing,
    };

    // A figure that is not a time, or that can be measured only once.
    private void AddSingle(string name, string value, string budget, bool? isKept) =>
        AddLine(name, Nothing, value, Nothing, Nothing, Nothing, Nothing, budget, Verdict(isKept));

    private void AddLine(params string[] cells) => _lines.Add($"| {string.Join(" | ", cells)} |");
}
