using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Vigil.Internals.Tests.Architecture;
using Vigil.Interop;

namespace Vigil.Internals.Tests.Abi;

/// <summary>An assumption of the library about C.</summary>
/// <param name="CSharp">The place in the library.</param>
/// <param name="C">The C expression.</param>
/// <param name="Value">The library's value.</param>
internal sealed record CFact(string CSharp, string C, long Value)
{
    public string Assertion => string.Create(
        CultureInfo.InvariantCulture, $"_Static_assert((long long)({C}) == {Value}LL, "
            + $"\"{CSharp}: {C.Replace("\"", "", StringComparison.Ordinal)} is not {Value}\");");
}

/// <summary>All assumptions of the interop types, found by reflection, so that new ones are not forgotten.</summary>
internal static partial class CFacts
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance
        | BindingFlags.DeclaredOnly;

    /// <summary>Members without a C counterpart that are not known to be Vigil's own: they have to be added to <see
    /// cref="CNames"/>.</summary>
    public static IReadOnlyList<string> FindForgotten() =>
    [
        .. Types.Where(type => IsStructure(type) && !CNames.Structures.ContainsKey(NameOf(type))).Select(NameOf),
        .. Types.Where(IsStructure).SelectMany(FieldsOf).Where(IsForgotten).Select(NameOf),
        .. Types.SelectMany(Constants).Where(
            constant => !IsCName(constant.Name) && !CNames.Constants.ContainsKey(NameOf(constant))).Select(NameOf),
        .. Types.SelectMany(DependentOnProcessor).Select(NameOf),
        .. ProcessorProperties.Where(
            property => !CNames.OfProcessor.ContainsKey(property.Name)).Select(property => $"ProcessorAbi.{property.Name}"),
        .. Enum.GetValues<EventSet>().Where(events => !CNames.Events.ContainsKey(events)).Select(events => $"EventSet.{events}"),
        .. SourceConstants().Where(constant => !CNames.InSources.ContainsKey(constant.Name)).Select(constant => constant.Name),
    ];

    /// <summary>The facts that are the same on every processor.</summary>
    /// <param name="isMusl">Whether the C library is musl.</param>
    public static IEnumerable<CFact> Common(bool isMusl) => Types.SelectMany(Constants).SelectMany(FactOf)
        .Concat(Types.Where(IsStructure).SelectMany(type => FactsOf(type, isMusl)))
        .Concat(CNames.Events.Select(pair => new CFact($"EventSet.{pair.Key}", $"(uint32_t)({pair.Value})", (uint)pair.Key)))
        .Concat(SignalFacts())
        .Concat(SourceConstants().Select(constant => new CFact(constant.Name, CNames.InSources[constant.Name], constant.Value)))
        .Concat(InotifyFacts());

    /// <summary>The facts about one processor.</summary>
    public static IEnumerable<CFact> Of(ProcessorAbi processor) => ProcessorProperties.Select(property =>
        new CFact($"ProcessorAbi.{property.Name}", CNames.OfProcessor[property.Name], NumberOf(property.GetValue(processor)!)));

    /// <summary>The functions of the C library that the library calls.</summary>
    public static IReadOnlyList<string> Functions => [.. Types.SelectMany(type => type.GetMethods(Everything))
        .Select(method => (Method: method, Import: method.GetCustomAttribute<LibraryImportAttribute>()))
        .Where(pair => pair.Import?.LibraryName is "libc")
        .Select(pair => pair.Import!.EntryPoint ?? pair.Method.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static Type[] Types { get; } = [.. typeof(Errno).Assembly.GetTypes()
        .Where(
            type => string.Equals(
                type.Namespace,
                typeof(Errno).Namespace,
                StringComparison.Ordinal) && !type.Name.Contains('<', StringComparison.Ordinal))
        .Where(type => type != typeof(ProcessorAbi))];

    private static PropertyInfo[] ProcessorProperties { get; } = [.. typeof(ProcessorAbi).GetProperties(
        BindingFlags.Public | BindingFlags.Instance)];

    private static string NameOf(Type type) => type.DeclaringType is { } outer ? $"{NameOf(outer)}.{type.Name}" : type.Name;

    private static string NameOf(FieldInfo field) => $"{NameOf(field.DeclaringType!)}.{field.Name}";

    private static bool IsStructure(Type type) =>
        type is { IsValueType: true, IsEnum: false } && !CNames.OwnStructures.Contains(NameOf(type));

    private static IEnumerable<FieldInfo> FieldsOf(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance);

    private static bool IsForgotten(FieldInfo field) =>
        CNames.Structures.TryGetValue(NameOf(field.DeclaringType!), out (string Name, Dictionary<string, string?> Fields) known)
            && !known.Fields.ContainsKey(field.Name);

    private static IEnumerable<FieldInfo> Constants(Type type) =>
        type.GetFields(Everything).Where(field => field.IsLiteral && field.FieldType.IsPrimitive);

    private static bool IsCName(string name) => CName().IsMatch(name);

    // A constant whose value is computed at run time may depend on the processor: then it has to be the processor's own.
    private static IEnumerable<FieldInfo> DependentOnProcessor(Type type) => type.GetFields(Everything)
        .Where(
            field => field is { IsStatic: true, IsInitOnly: true } && field.FieldType.IsPrimitive
                && field.Name is not nameof(SignalNative.FirstRealTime))
        .Where(
            field => !ProcessorProperties.Any(
                property => NumberOf(property.GetValue(ProcessorAbi.Current)!) == NumberOf(field.GetValue(null)!)));

    private static IEnumerable<CFact> FactOf(FieldInfo field)
    {
        string? expression = CNames.Constants.TryGetValue(NameOf(field), out string? known)
            ? known
            : IsCName(field.Name) ? field.Name : null;
        if (expression is null)
        {
            return [];
        }

        return [new CFact(NameOf(field), expression, NumberOf(field.GetRawConstantValue()!))];
    }

    private static IEnumerable<CFact> FactsOf(Type type, bool isMusl)
    {
        (string structure, Dictionary<string, string?> fields) = CNames.Structures[NameOf(type)];
        yield return new CFact(NameOf(type), $"sizeof({structure})", Marshal.SizeOf(type));
        foreach (FieldInfo field in FieldsOf(type))
        {
            if (fields[field.Name] is not { } name)
            {
                continue;
            }

            yield return new CFact(NameOf(field), $"offsetof({structure}, {name})", (long)Marshal.OffsetOf(type, field.Name));

            // POSIX declares int where the kernel reads 64 bits; musl declares the upper half as padding after it.
            if (!isMusl || name.Split('.')[^1] is not ("msg_iovlen" or "msg_controllen" or "cmsg_len"))
            {
                yield return new CFact(NameOf(field), $"sizeof((({structure} *)0)->{name})", SizeOf(field.FieldType));
            }
        }
    }

    private static long NumberOf(object value) => value switch
    {
        nint number => number,
        nuint number => (long)number,
        ulong number => (long)number,
        _ => Convert.ToInt64(value, CultureInfo.InvariantCulture),
    };

    private static long SizeOf(Type type) => type.IsPointer ? nint.Size : Marshal.SizeOf(type);

    private static IEnumerable<CFact> SignalFacts() => typeof(Signal).GetProperties(BindingFlags.Public | BindingFlags.Static)
        .Where(property => property.PropertyType == typeof(Signal))
        .Select(property => new CFact($"Signal.{property.Name}", property.Name, ((Signal)property.GetValue(null)!).Number));

    // Read as four words, followed by the name.
    private static IEnumerable<CFact> InotifyFacts() =>
    [
        new("InotifyRecords.HeaderSize", "sizeof(struct inotify_event)", 16),
        new("InotifyRecords: watch", "offsetof(struct inotify_event, wd)", 0),
        new("InotifyRecords: mask", "offsetof(struct inotify_event, mask)", 4),
        new("InotifyRecords: cookie", "offsetof(struct inotify_event, cookie)", 8),
        new("InotifyRecords: length", "offsetof(struct inotify_event, len)", 12),
        new("InotifyRecords: name", "offsetof(struct inotify_event, name)", 16),
    ];

    // Socket options and the like in the programs: constants in their sources whose names begin like C's.
    private static IEnumerable<(string Name, long Value)> SourceConstants() => new[] { "samples", "src" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
        .SelectMany(path => SourceConstant().Matches(File.ReadAllText(path)))
        .Select(match => (match.Groups["name"].Value, long.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture)))
        .Distinct();

    [GeneratedRegex("^_*[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex CName();

    [GeneratedRegex(
        @"const int (?<name>(So|Sol|Msg|Ip|Tcp)[A-Z]\w*|NoSuchDeviceOrAddress|MaxSocketPathBytes) = (?<value>\d+);",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SourceConstant();
}
