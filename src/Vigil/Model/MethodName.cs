using System.Reflection;
using System.Runtime.CompilerServices;

namespace Vigil;

/// <summary>
/// Names of methods as written in source code: for lambdas, local functions and asynchronous methods the compiler generates types and
/// methods with other names.
/// </summary>
internal static class MethodName
{
    public static string Of(Delegate callback)
    {
        MethodInfo method = callback.Method;
        return $"{TypeName(method.DeclaringType)}{Written(method.Name)}";
    }

    /// <summary>The same with namespace and enclosing types, as OpenTelemetry's <c>code.function.name</c>.</summary>
    public static string FullOf(Delegate callback)
    {
        MethodInfo method = callback.Method;
        string written = Written(method.Name);
        Type? type = Enclosing(method.DeclaringType);
        if (type is null)
        {
            return written;
        }

        string name = $"{type.Name}.{written}";
        for (Type? outer = type.DeclaringType; outer is not null; outer = outer.DeclaringType)
        {
            name = $"{outer.Name}.{name}";
        }

        return string.IsNullOrEmpty(type.Namespace) ? name : $"{type.Namespace}.{name}";
    }

    /// <summary>The method by which an object implements an interface.</summary>
    public static string Of(object target, string method) => $"{target.GetType().Name}.{method}";

    /// <summary>
    /// The method behind a callback of a synchronization context: the asynchronous method that continues after <c>await</c>, or any other
    /// delegate's.
    /// </summary>
    /// <param name="continuation">A delegate, or the task of an asynchronous method.</param>
    public static string OfContinuation(object continuation)
    {
        // The runtime's task for an asynchronous method holds its state machine, and is generic over its type.
        Type task = continuation is Delegate { Target: { } target } ? target.GetType() : continuation.GetType();
        Type? machine = task.IsGenericType
            ? Array.Find(task.GetGenericArguments(), argument => typeof(IAsyncStateMachine).IsAssignableFrom(argument))
            : null;
        return machine is not null
            ? $"{TypeName(machine.DeclaringType)}{Written(machine.Name)} (await)"
            : continuation is Delegate callback ? Of(callback) : continuation.GetType().Name;
    }

    private static string TypeName(Type? type) => Enclosing(type) is { } written ? $"{written.Name}." : "";

    // For <>c, <>c__DisplayClass1_0 and <Method>d__3 the enclosing type.
    private static Type? Enclosing(Type? type)
    {
        while (type is not null && type.Name.StartsWith('<'))
        {
            type = type.DeclaringType;
        }

        return type;
    }

    // <Method>b__0_1 is a lambda in Method, <Method>g__Local|0_0 a local function of it, <Method>d__3 its state machine.
    private static string Written(string name)
    {
        int end = name.LastIndexOf('>');
        if (!name.StartsWith('<') || end < 0)
        {
            return name;
        }

        string around = Written(name[1..end]);
        return name[(end + 1)..] switch
        {
            ['b', ..] => $"{around} (lambda)",
            ['g', '_', '_', .. string local] => $"{around}.{local.Split('|')[0]}",
            _ => around,
        };
    }
}
