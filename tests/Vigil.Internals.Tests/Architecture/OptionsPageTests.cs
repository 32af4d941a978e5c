using System.Globalization;
using System.Reflection;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>The page of options agrees with the options.</summary>
public sealed class OptionsPageTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    public static TheoryData<Type> Classes =>
        [.. typeof(EventManager).Assembly.GetExportedTypes()
            .Concat(typeof(Hosting.RunFailure).Assembly.GetExportedTypes())
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Classes))]
    public void Every_option_is_listed_with_its_default_and_nothing_else_is(Type options)
    {
        IEnumerable<(string, string)> expected = options.GetProperties(Declared).Select(option => (option.Name, DefaultOf(option)));
        Assert.Equal(expected.Order(), Rows(options.Name).Order());
    }

    [Fact]
    public void Nothing_is_listed_that_is_no_class_of_options() =>
        Assert.Equal(
            Classes.Select(options => $"## `{options.Data.Name}`").Order(StringComparer.Ordinal),
            Page().Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    private static string[] Page() => File.ReadAllLines(Path.Combine(Repository.Root, "docs", "options.md"));

    private static IEnumerable<(string Name, string Default)> Rows(string options) =>
        Page().SkipWhile(line => !string.Equals(line, $"## `{options}`", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => (cells[1].Trim('`'), cells[2].Trim('`')));

    // An abstract type has the defaults of any type derived from it.
    private static string DefaultOf(PropertyInfo option)
    {
        Type type = option.DeclaringType!;
        Type made = type.IsAbstract ? Classes.Select(row => row.Data).First(one => one.IsSubclassOf(type)) : type;
        return option.GetValue(Activator.CreateInstance(made)) switch
        {
            null => "null",
            bool value => value ? "true" : "false",
            string text => $"\"{text}\"",
            TimeSpan span => Text(span),
            TimeProvider provider when provider == TimeProvider.System => "TimeProvider.System",
            int count when string.Equals(option.Name, nameof(WorkerPoolOptions.ThreadCount), StringComparison.Ordinal)
                && count == Environment.ProcessorCount
                => "Environment.ProcessorCount",
            IFormattable value => value.ToString(format: null, CultureInfo.InvariantCulture),
            var value => value.ToString()!,
        };
    }

    private static string Text(TimeSpan span) =>
        span == Timeout.InfiniteTimeSpan ? "infinite"
        : span == TimeSpan.Zero ? "0"
        : span.TotalSeconds >= 1 ? $"{span.TotalSeconds} s"
        : span.TotalMilliseconds >= 1 ? $"{span.TotalMilliseconds} ms"
        : $"{span.TotalMicroseconds} µs";
}
