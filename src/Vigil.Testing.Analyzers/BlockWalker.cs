using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Vigil.Testing.Analyzers;

/// <summary>Divides a member's code into units, and finds what each uses and by what it leaves a simulation.</summary>
/// <param name="symbols">What is simulated, and what leaves.</param>
/// <param name="facts">What is known about the member's code.</param>
/// <param name="member">The member.</param>
/// <param name="report">Takes what is told at once.</param>
internal sealed class BlockWalker(CompilationSymbols symbols, BlockFacts facts, CodeUnit member, Action<Diagnostic> report)
    : OperationWalker
{
    private CodeUnit _unit = member;

    /// <summary>The member, and the functions in it that are units.</summary>
    public List<CodeUnit> Units { get; } = [member];

    public override void VisitAnonymousFunction(IAnonymousFunctionOperation operation)
    {
        if (symbols.TakesAWorld(operation.Symbol))
        {
            VisitPart(operation.Symbol, () => base.VisitAnonymousFunction(operation));
        }
        else
        {
            base.VisitAnonymousFunction(operation);
        }
    }

    public override void VisitLocalFunction(ILocalFunctionOperation operation) =>
        VisitPart(operation.Symbol, () => base.VisitLocalFunction(operation));

    public override void VisitInvocation(IInvocationOperation operation)
    {
        OnMember(operation, operation.TargetMethod);
        base.VisitInvocation(operation);
    }

    public override void VisitMethodReference(IMethodReferenceOperation operation)
    {
        OnMember(operation, operation.Method);
        base.VisitMethodReference(operation);
    }

    public override void VisitObjectCreation(IObjectCreationOperation operation)
    {
        if (operation.Constructor is { } constructor)
        {
            OnMember(operation, constructor);
            foreach (ISymbol part in symbols.RunBy(constructor.ContainingType))
            {
                Use(part);
            }
        }

        base.VisitObjectCreation(operation);
    }

    public override void VisitPropertyReference(IPropertyReferenceOperation operation)
    {
        bool isTarget = operation.Parent is IAssignmentOperation assignment && assignment.Target == operation;
        if (isTarget && operation.Property.SetMethod is { } setter)
        {
            Use(setter);
        }

        if (operation.Parent is not ISimpleAssignmentOperation || !isTarget)
        {
            FindEscape(operation, operation.Property);
            if (operation.Property.GetMethod is { } getter)
            {
                Use(getter);
            }

            if (operation.Parent is IIncrementOrDecrementOperation && operation.Property.SetMethod is { } changed)
            {
                Use(changed);
            }
        }

        // Where it is initialized.
        if (operation.Property.IsStatic)
        {
            Use(operation.Property);
        }

        base.VisitPropertyReference(operation);
    }

    public override void VisitFieldReference(IFieldReferenceOperation operation)
    {
        // Where it is initialized. An instance's fields belong to its creation.
        if (operation.Field is { IsStatic: true, IsConst: false })
        {
            Use(operation.Field);
        }

        base.VisitFieldReference(operation);
    }

    public override void VisitNameOf(INameOfOperation operation)
    {
        // Nothing in it runs.
    }

    private void VisitPart(IMethodSymbol function, Action visit)
    {
        CodeUnit outer = _unit;
        _unit = new CodeUnit(function, outer, symbols.TakesAWorld(function));
        outer.Parts.Add(_unit);
        Units.Add(_unit);
        visit();
        _unit = outer;
    }

    private void OnMember(IOperation use, IMethodSymbol method)
    {
        FindEscape(use, method.ReducedFrom ?? method);
        Use(method.ReducedFrom ?? method);
    }

    private void Use(ISymbol symbol)
    {
        ISymbol definition = symbol.OriginalDefinition;
        if (symbols.IsOwn(definition))
        {
            _unit.Uses.Add(definition is IMethodSymbol { PartialImplementationPart: { } implementation } ? implementation : definition);
        }
    }

    private void FindEscape(IOperation use, ISymbol used)
    {
        if (symbols.FindEscape(use, used, facts) is not { } escape)
        {
            return;
        }

        string type = used.ContainingType.Name;
        string name = used is IMethodSymbol { MethodKind: MethodKind.Constructor } ? $"new {type}" : $"{type}.{used.Name}";
        FoundEscape found = new(escape, name, PlaceOf(use.Syntax));
        if (_unit.IsSimulated)
        {
            report(found.ToDiagnostic(from: null));
        }
        else
        {
            _unit.Escapes.Add(found);
        }
    }

    // The name of what is used, rather than all of a call with the lambdas in it.
    private static Location PlaceOf(SyntaxNode use) => use switch
    {
        InvocationExpressionSyntax call => PlaceOf(call.Expression),
        MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax or MemberAccessExpressionSyntax } member when IsOnOneLine(member) =>
            member.GetLocation(),
        MemberAccessExpressionSyntax member => member.Name.GetLocation(),
        MemberBindingExpressionSyntax member => member.Name.GetLocation(),
        ObjectCreationExpressionSyntax creation => creation.Type.GetLocation(),
        ImplicitObjectCreationExpressionSyntax creation => creation.NewKeyword.GetLocation(),
        _ => use.GetLocation(),
    };

    private static bool IsOnOneLine(SyntaxNode node)
    {
        FileLinePositionSpan span = node.SyntaxTree.GetLineSpan(node.Span);
        return span.StartLinePosition.Line == span.EndLinePosition.Line;
    }
}
