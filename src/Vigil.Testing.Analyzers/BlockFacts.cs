using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Vigil.Testing.Analyzers;

/// <summary>
/// What the code of one member shows about its tasks and cancellation sources. It does not follow values: a task counts as ended if the
/// member awaits it, asks whether it has ended, or passes it on, wherever that is. So a warning may be missing, but is not wrong.
/// </summary>
internal sealed class BlockFacts : OperationWalker
{
    /// <summary>Variables whose tasks are waited for elsewhere in the member.</summary>
    public HashSet<ISymbol> EndedTasks { get; } = new(SymbolEqualityComparer.Default);

    /// <summary>Variables that hold a <see cref="CancellationTokenSource"/> without a clock.</summary>
    public HashSet<ISymbol> SourcesWithoutClock { get; } = new(SymbolEqualityComparer.Default);

    /// <summary>The variable that is read or written; null if it is none.</summary>
    public static ISymbol? ReferredBy(IOperation? operation) => Unwrap(operation) switch
    {
        ILocalReferenceOperation local => local.Local,
        IParameterReferenceOperation parameter => parameter.Parameter,
        IFieldReferenceOperation field => field.Field,
        IPropertyReferenceOperation property => property.Property,
        _ => null,
    };

    public static IOperation? Unwrap(IOperation? operation)
    {
        while (operation is IConversionOperation or IParenthesizedOperation)
        {
            operation = operation is IConversionOperation conversion ? conversion.Operand : ((IParenthesizedOperation)operation).Operand;
        }

        return operation;
    }

    public static bool IsSourceWithoutClock(IOperation? value) => Unwrap(value) switch
    {
        IObjectCreationOperation { Constructor: { } constructor } => constructor.ContainingType.Name is nameof(CancellationTokenSource)
            && !constructor.Parameters.Any(parameter => parameter.Type.Name is "TimeProvider"),
        IInvocationOperation call => call.TargetMethod is
        {
            Name: nameof(CancellationTokenSource.CreateLinkedTokenSource), ContainingType.Name: nameof(CancellationTokenSource)
        },
        _ => false,
    };

    public override void VisitAwait(IAwaitOperation operation)
    {
        IOperation? awaited = Unwrap(operation.Operation);
        AddEnded(awaited is IInvocationOperation { TargetMethod.Name: "ConfigureAwait" } configured ? configured.Instance : awaited);
        base.VisitAwait(operation);
    }

    public override void VisitArgument(IArgumentOperation operation)
    {
        AddEnded(operation.Value);
        base.VisitArgument(operation);
    }

    public override void VisitArrayInitializer(IArrayInitializerOperation operation)
    {
        foreach (IOperation element in operation.ElementValues)
        {
            AddEnded(element);
        }

        base.VisitArrayInitializer(operation);
    }

    public override void VisitCollectionExpression(ICollectionExpressionOperation operation)
    {
        foreach (IOperation element in operation.Elements)
        {
            AddEnded(element);
        }

        base.VisitCollectionExpression(operation);
    }

    public override void VisitPropertyReference(IPropertyReferenceOperation operation)
    {
        if (operation.Property.Name.StartsWith("Is", StringComparison.Ordinal) || operation.Property.Name is "Status" or "Exception")
        {
            AddEnded(operation.Instance);
        }

        base.VisitPropertyReference(operation);
    }

    public override void VisitVariableDeclarator(IVariableDeclaratorOperation operation)
    {
        AddSource(operation.Symbol, (operation.Initializer ?? (operation.Parent as IVariableDeclarationOperation)?.Initializer)?.Value);
        base.VisitVariableDeclarator(operation);
    }

    public override void VisitSimpleAssignment(ISimpleAssignmentOperation operation)
    {
        AddSource(ReferredBy(operation.Target), operation.Value);
        base.VisitSimpleAssignment(operation);
    }

    private void AddEnded(IOperation? task)
    {
        if (ReferredBy(task) is { } variable)
        {
            EndedTasks.Add(variable);
        }
    }

    private void AddSource(ISymbol? variable, IOperation? value)
    {
        if (variable is not null && IsSourceWithoutClock(value))
        {
            SourcesWithoutClock.Add(variable);
        }
    }
}
