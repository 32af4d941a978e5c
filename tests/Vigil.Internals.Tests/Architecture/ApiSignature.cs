using System.Reflection;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>A member's signature, close to C# syntax.</summary>
internal static class ApiSignature
{
    private static readonly NullabilityInfoContext Nullability = new();

    public static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    public static string Of(MemberInfo member) => member switch
    {
        MethodInfo method => OfMethod(method),
        ConstructorInfo constructor => $"{AccessOf(constructor)}.ctor({ParametersOf(constructor)})",
        PropertyInfo property => OfProperty(property),
        EventInfo @event => $"{AccessOf(@event.AddMethod!)}event "
            + $"{ApiTypeName.Of(@event.EventHandlerType!, Nullability.Create(@event))} {@event.Name}",
        FieldInfo field => (field.IsLiteral ? "const " : field.IsStatic ? "static " : "")
            + $"{ApiTypeName.Of(field.FieldType, Nullability.Create(field))} {field.Name}{ConstantOf(field)}",
        _ => throw new ArgumentException($"{member} is of an unforeseen kind.", nameof(member)),
    };

    private static string OfMethod(MethodInfo method)
    {
        string generic = method.IsGenericMethod
            ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>"
            : "";
        string result = ApiTypeName.Of(method.ReturnType, Nullability.Create(method.ReturnParameter));
        return $"{AccessOf(method)}{result} {method.Name}{generic}({ParametersOf(method)}){ConstraintsOf(method)}";
    }

    private static string OfProperty(PropertyInfo property)
    {
        IEnumerable<MethodInfo> accessors = property.GetAccessors(nonPublic: true).Where(IsVisible);
        string access = AccessOf(accessors.First());
        string getter = accessors.Contains(property.GetMethod) ? "get; " : "";
        string setter = accessors.Contains(property.SetMethod) ? IsInitOnly(property) ? "init; " : "set; " : "";
        return $"{access}{ApiTypeName.Of(property.PropertyType, Nullability.Create(property))} {property.Name} {{ {getter}{setter}}}";
    }

    private static string AccessOf(MethodBase method) =>
        (method.IsPublic ? "" : "protected ")
        + (method.IsStatic ? "static " : "")
        + (method switch
        {
            _ when method.DeclaringType!.IsInterface || method.DeclaringType.IsSubclassOf(typeof(Delegate)) => "",
            { IsAbstract: true } => "abstract ",
            MethodInfo info when info.GetBaseDefinition() != info => "override ",
            { IsVirtual: true, IsFinal: false } => "virtual ",
            _ => "",
        });

    private static string ParametersOf(MethodBase method) => string.Join(", ", method.GetParameters().Select(OfParameter));

    private static string OfParameter(ParameterInfo parameter)
    {
        string passing = parameter switch
        {
            { IsOut: true } => "out ",
            { IsIn: true, ParameterType.IsByRef: true } => "in ",
            { ParameterType.IsByRef: true } => "ref ",
            _ when parameter.IsDefined(typeof(ParamArrayAttribute)) => "params ",
            _ => "",
        };
        string value = parameter.HasDefaultValue ? $" = {Literal(parameter.DefaultValue)}" : "";
        return $"{passing}{ApiTypeName.Of(parameter.ParameterType, Nullability.Create(parameter))} {parameter.Name}{value}";
    }

    private static string ConstraintsOf(MethodInfo method) => string.Concat(GenericParametersOf(method)
        .Where(
            argument => argument.GetGenericParameterConstraints().Length > 0
                || argument.GenericParameterAttributes != GenericParameterAttributes.None)
        .Select(argument => $" where {argument.Name} : {string.Join(", ", Constraints(argument))}"));

    private static Type[] GenericParametersOf(MethodInfo method) => method.IsGenericMethod ? method.GetGenericArguments() : [];

    private static IEnumerable<string> Constraints(Type argument)
    {
        GenericParameterAttributes attributes = argument.GenericParameterAttributes;
        if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            yield return "class";
        }

        if (attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
        {
            yield return "struct";
        }

        foreach (Type constraint in argument.GetGenericParameterConstraints().Where(constraint => constraint != typeof(ValueType)))
        {
            yield return ApiTypeName.Of(constraint);
        }
    }

    private static string ConstantOf(FieldInfo field) => field.IsLiteral ? $" = {Literal(field.GetRawConstantValue())}" : "";

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => value.ToString()!,
    };

    private static bool IsInitOnly(PropertyInfo property) =>
        property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit));
}
