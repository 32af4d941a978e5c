using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>An assembly's public API as text: one line per type and per member, sorted.</summary>
internal static class ApiText
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Of(Assembly assembly) => assembly.GetExportedTypes()
        .OrderBy(type => type.FullName, StringComparer.Ordinal)
        .SelectMany(
            type => LinesOfMembers(type).Order(StringComparer.Ordinal).Select(
                line => $"{ApiTypeName.Of(type)}: {line}").Prepend(HeadOf(type)));

    private static string HeadOf(Type type)
    {
        string bases = string.Join(", ", BasesOf(type).Select(ApiTypeName.Of).Order(StringComparer.Ordinal));
        return $"{KindOf(type)} {type.Namespace}.{ApiTypeName.Of(type)}{(bases.Length == 0 ? "" : $" : {bases}")}{AttributesOf(type)}";
    }

    private static string KindOf(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        _ when IsDelegate(type) => "delegate",
        { IsValueType: true } => $"{(Has(type, "IsReadOnlyAttribute") ? "readonly " : "")}{(type.IsByRefLike ? "ref " : "")}struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static IEnumerable<Type> BasesOf(Type type)
    {
        if (IsDelegate(type))
        {
            return [];
        }

        Type[] inherited = type.BaseType?.GetInterfaces() ?? [];
        IEnumerable<Type> interfaces = type.IsEnum ? [] : type.GetInterfaces().Where(face => face.IsVisible).Except(inherited);
        Type? baseType = type.IsEnum ? Enum.GetUnderlyingType(type) : type.BaseType;
        return baseType is null || baseType == typeof(object) || baseType == typeof(ValueType) ? interfaces : interfaces.Prepend(baseType);
    }

    private static IEnumerable<string> LinesOfMembers(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(
                field => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue())}");
        }

        if (IsDelegate(type))
        {
            return [ApiSignature.Of(type.GetMethod("Invoke")!)];
        }

        return type.GetMembers(Declared).Where(IsForUsers).Select(member => $"{ApiSignature.Of(member)}{AttributesOf(member)}");
    }

    private static bool IsForUsers(MemberInfo member) => member switch
    {
        MethodInfo method => ApiSignature.IsVisible(method) && !method.Name.StartsWith('<')
            && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)),
        ConstructorInfo constructor => ApiSignature.IsVisible(constructor),
        FieldInfo field => field.IsPublic || field.IsFamily,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(ApiSignature.IsVisible),
        EventInfo @event => ApiSignature.IsVisible(@event.AddMethod!),
        _ => false,
    };

    // The compiler marks every ref struct as obsolete, for compilers that do not know such types.
    private static string AttributesOf(MemberInfo member) =>
        (member.IsDefined(typeof(FlagsAttribute)) ? " [Flags]" : "")
        + (member.IsDefined(typeof(ObsoleteAttribute)) && member is not Type { IsByRefLike: true } ? " [Obsolete]" : "")
        + (member.IsDefined(typeof(ExperimentalAttribute)) ? " [Experimental]" : "");

    private static bool IsDelegate(Type type) => type.IsSubclassOf(typeof(Delegate));

    private static bool Has(Type type, string attribute) =>
        type.CustomAttributes.Any(data => string.Equals(data.AttributeType.Name, attribute, StringComparison.Ordinal));
}
