using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Vigil.Testing.Analyzers;

/// <summary>Which uses of a member leave the simulation, where not all do.</summary>
internal static class EscapeConditions
{
    private const int ExecuteSynchronously = (int)TaskContinuationOptions.ExecuteSynchronously;

    /// <summary>Neither a scheduler is given, nor is a continuation asked to run at once.</summary>
    public static bool UsesThePool(IOperation use, ISymbol member, BlockFacts facts) =>
        !HasParameter(member, nameof(TaskScheduler))
        && !ArgumentsOf(use).Any(
            argument => argument is { Type.Name: nameof(TaskContinuationOptions), ConstantValue: { HasValue: true, Value: int options } }
                && (options & ExecuteSynchronously) != 0);

    /// <summary>A time is given, which is not infinite, and no clock.</summary>
    public static bool HasNoTimeProvider(IOperation use, ISymbol member, BlockFacts facts) =>
        member is IMethodSymbol method
        && !HasParameter(method, "TimeProvider")
        && method.Parameters.Any(IsTime)
        && !ArgumentsOf(use).Any(IsInfinite);

    /// <summary>It is known that the source was made without a clock: else it may well have one.</summary>
    public static bool IsOfASourceWithoutClock(IOperation use, ISymbol member, BlockFacts facts) =>
        use is IInvocationOperation { Instance: { } source }
        && (BlockFacts.IsSourceWithoutClock(source)
            || (BlockFacts.ReferredBy(source) is { } variable
                && (facts.SourcesWithoutClock.Contains(variable) || IsFieldWithoutClock(variable))));

    /// <summary>It is not only asked whether something is so: no time, or a time that is not zero.</summary>
    public static bool MayWait(IOperation use, ISymbol member, BlockFacts facts) => !ArgumentsOf(use).Any(IsZero);

    /// <summary>Nothing around it shows that the task has ended.</summary>
    public static bool MayHaveToWait(IOperation use, ISymbol member, BlockFacts facts)
    {
        IOperation? task = use switch
        {
            IInvocationOperation { TargetMethod.Name: "GetResult", Instance: { } awaiter } => TaskOf(awaiter),
            IInvocationOperation call => call.Instance,
            IPropertyReferenceOperation property => property.Instance,
            _ => null,
        };
        return MayWait(use, member, facts) && BlockFacts.Unwrap(task) switch
        {
            null => false,
            IInvocationOperation => true,
            // The parameter of a lambda: what ContinueWith gives to it, or an element of what WhenAll has waited for.
            IParameterReferenceOperation { Parameter.ContainingSymbol: IMethodSymbol { MethodKind: MethodKind.LambdaMethod } } => false,
            ILocalReferenceOperation { Local.IsForEach: true } => false,
            { } variable => BlockFacts.ReferredBy(variable) is { } symbol && !facts.EndedTasks.Contains(symbol),
        };
    }

    /// <summary>It is not a method of an object, which the program may have been given.</summary>
    public static bool IsStatic(IOperation use, ISymbol member, BlockFacts facts) => member.IsStatic;

    /// <summary>No seed.</summary>
    public static bool HasNoArgument(IOperation use, ISymbol member, BlockFacts facts) =>
        member is IMethodSymbol { Parameters.Length: 0 } && IsNoDefault(use, member, facts);

    /// <summary>It is not what stands in for something that was not given: <c>clock ?? TimeProvider.System</c>.</summary>
    public static bool IsNoDefault(IOperation use, ISymbol member, BlockFacts facts)
    {
        IOperation value = use;
        while (value.Parent is IConversionOperation or IParenthesizedOperation)
        {
            value = value.Parent;
        }

        return value.Parent switch
        {
            ICoalesceOperation coalesce => coalesce.WhenNull != value,
            ICoalesceAssignmentOperation assignment => assignment.Value != value,
            _ => true,
        };
    }

    // A constructor of a source that takes a clock takes two arguments.
    private static bool IsFieldWithoutClock(ISymbol variable) =>
        variable is IFieldSymbol { IsReadOnly: true, DeclaringSyntaxReferences: { Length: 1 } declarations }
        && declarations[0].GetSyntax() is VariableDeclaratorSyntax { Initializer.Value: BaseObjectCreationExpressionSyntax creation }
        && creation.ArgumentList is not { Arguments.Count: > 1 };

    // The awaiter itself, or a configured one, is of a task.
    private static IOperation? TaskOf(IOperation awaiter)
    {
        IOperation? task = BlockFacts.Unwrap(awaiter);
        while (task is IInvocationOperation { TargetMethod.Name: "GetAwaiter" or "ConfigureAwait", Instance: { } inner })
        {
            task = BlockFacts.Unwrap(inner);
        }

        return task;
    }

    private static IEnumerable<IOperation> ArgumentsOf(IOperation use) => use switch
    {
        IInvocationOperation call => call.Arguments.Select(argument => argument.Value),
        IObjectCreationOperation creation => creation.Arguments.Select(argument => argument.Value),
        _ => [],
    };

    private static bool HasParameter(ISymbol member, string type) =>
        member is IMethodSymbol method
        && method.Parameters.Any(parameter => string.Equals(parameter.Type.Name, type, StringComparison.Ordinal));

    private static bool IsTime(IParameterSymbol parameter) =>
        parameter.Type.SpecialType is SpecialType.System_Int32 || parameter.Type.Name is nameof(TimeSpan);

    private static bool IsInfinite(IOperation argument) =>
        argument.ConstantValue is { HasValue: true, Value: -1 }
        || IsField(argument, nameof(Timeout), nameof(Timeout.InfiniteTimeSpan));

    private static bool IsZero(IOperation argument) =>
        argument.ConstantValue is { HasValue: true, Value: 0 }
        || argument is IDefaultValueOperation { Type.Name: nameof(TimeSpan) }
        || IsField(argument, nameof(TimeSpan), nameof(TimeSpan.Zero));

    private static bool IsField(IOperation argument, string type, string name) =>
        BlockFacts.Unwrap(argument) is IFieldReferenceOperation { Field: { } field }
        && string.Equals(field.Name, name, StringComparison.Ordinal)
        && string.Equals(field.ContainingType.Name, type, StringComparison.Ordinal);
}
