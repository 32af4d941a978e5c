using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Compilation;

/// <summary>
/// Turns each plain access to a field that can change into a step of the explorer. Accesses through <c>Volatile</c> and <c>Interlocked</c>
/// stay as they are: the explorer's own types have these names. Properties without bodies get bodies that access their field.
/// </summary>
internal sealed class AccessRewriter(SemanticModel model) : CSharpSyntaxRewriter
{
    public override SyntaxNode? VisitIdentifierName(IdentifierNameSyntax node) =>
        IsAccess(node) ? Load(node, node) : base.VisitIdentifierName(node);

    public override SyntaxNode? VisitMemberAccessExpression(MemberAccessExpressionSyntax node) =>
        IsAccess(node) ? Load(node, Place(node)) : base.VisitMemberAccessExpression(node);

    public override SyntaxNode? VisitConditionalAccessExpression(ConditionalAccessExpressionSyntax node) =>
        node.WhenNotNull.DescendantNodesAndSelf().OfType<MemberBindingExpressionSyntax>().Any(
            binding => IsMutable(model.GetSymbolInfo(binding).Symbol))
            ? throw new NotSupportedException($"{node} reads a field of what may be null; the explorer would not see it.")
            : base.VisitConditionalAccessExpression(node);

    public override SyntaxNode? VisitAssignmentExpression(AssignmentExpressionSyntax node)
    {
        if (!IsMutable(model.GetSymbolInfo(node.Left).Symbol) || node.Parent is InitializerExpressionSyntax)
        {
            return base.VisitAssignmentExpression(node);
        }

        var right = (ExpressionSyntax)Visit(node.Right);
        ExpressionSyntax left = Place(node.Left);
        switch (node.Kind())
        {
            case SyntaxKind.SimpleAssignmentExpression:
                return Store(node.Left, left, right);
            case SyntaxKind.CoalesceAssignmentExpression:
                ExpressionSyntax value = ParenthesizedExpression(
                    BinaryExpression(SyntaxKind.CoalesceExpression, Load(node.Left, left), Store(node.Left, left, right)));
                return node.Parent is ExpressionStatementSyntax
                    ? AssignmentExpression(SyntaxKind.SimpleAssignmentExpression, IdentifierName("_"), value)
                    : value;
            default:
                return Store(
                    node.Left,
                    left,
                    ParseExpression($"{Load(node.Left, left)} {node.OperatorToken.Text.TrimEnd('=')} ({right})"));
        }
    }

    public override SyntaxNode? VisitPostfixUnaryExpression(PostfixUnaryExpressionSyntax node)
    {
        if (node.Kind() == SyntaxKind.SuppressNullableWarningExpression || !IsMutable(model.GetSymbolInfo(node.Operand).Symbol))
        {
            return base.VisitPostfixUnaryExpression(node);
        }

        if (node.Parent is not ExpressionStatementSyntax)
        {
            throw new NotSupportedException($"{node} is used as a value.");
        }

        ExpressionSyntax place = Place(node.Operand);
        return Store(node.Operand, place, ParseExpression($"{Load(node.Operand, place)} {node.OperatorToken.Text[..1]} 1"));
    }

    public override SyntaxNode? VisitArgument(ArgumentSyntax node) =>
        node.RefKindKeyword.IsKind(SyntaxKind.None) || !IsMutable(model.GetSymbolInfo(node.Expression).Symbol)
            ? base.VisitArgument(node)
            : node.WithExpression(Place(node.Expression));

    public override SyntaxNode? VisitRefExpression(RefExpressionSyntax node) =>
        IsMutable(model.GetSymbolInfo(node.Expression).Symbol)
            ? node.WithExpression(Place(node.Expression))
            : base.VisitRefExpression(node);

    public override SyntaxNode? VisitPropertyDeclaration(PropertyDeclarationSyntax node)
    {
        var visited = (PropertyDeclarationSyntax)base.VisitPropertyDeclaration(node)!;
        if (node.AccessorList is not { } accessors
            || !accessors.Accessors.Any(SyntaxKind.SetAccessorDeclaration)
            || accessors.Accessors.Any(accessor => accessor.Body is not null || accessor.ExpressionBody is not null)
            || node.Modifiers.Any(SyntaxKind.AbstractKeyword))
        {
            return visited;
        }

        string name = $"{model.GetDeclaredSymbol(node)!.ContainingType.Name}.{node.Identifier.Text}";
        return visited.WithAccessorList(AccessorList(List(visited.AccessorList!.Accessors.Select(
            accessor => accessor.WithExpressionBody(ArrowExpressionClause(ParseExpression(accessor.IsKind(SyntaxKind.GetAccessorDeclaration)
                ? $"Exploration.Memory.Load(ref field, \"{name}\")"
                : $"Exploration.Memory.Store(ref field, value, \"{name}\")")))))));
    }

    private static ExpressionSyntax Store(ExpressionSyntax original, ExpressionSyntax place, ExpressionSyntax value) =>
        ParseExpression($"Exploration.Memory.Store(ref {place.WithoutTrivia()}, {value.WithoutTrivia()}, {NameOf(original)})")
            .WithTriviaFrom(original);

    private static string NameOf(ExpressionSyntax original) =>
        SymbolDisplay.FormatLiteral(original.WithoutTrivia().ToString(), quote: true);

    private ExpressionSyntax Load(ExpressionSyntax original, ExpressionSyntax place)
    {
        // What is known to be shared from the first access on.
        bool isVolatile = model.GetSymbolInfo(original).Symbol is IFieldSymbol { IsVolatile: true };
        return ParseExpression($"Exploration.Memory.Load(ref {place.WithoutTrivia()}, {NameOf(original)}{(isVolatile ? ", true" : "")})")
            .WithTriviaFrom(original);
    }

    // The place itself: only what leads to it is loaded.
    private ExpressionSyntax Place(ExpressionSyntax node) => node switch
    {
        MemberAccessExpressionSyntax access when IsMutable(model.GetSymbolInfo(access.Expression).Symbol)
            && model.GetTypeInfo(access.Expression).Type!.IsValueType => access.WithExpression(Place(access.Expression)),
        MemberAccessExpressionSyntax access => access.WithExpression((ExpressionSyntax)Visit(access.Expression)),
        _ => node,
    };

    // A value that is read. What is written, or passed by reference, was handled by what is around it.
    private bool IsAccess(ExpressionSyntax node)
    {
        if (!IsMutable(model.GetSymbolInfo(node).Symbol))
        {
            return false;
        }

        return node.Parent switch
        {
            MemberAccessExpressionSyntax access when access.Name == node => false,
            MemberAccessExpressionSyntax access =>
                !IsMutable(model.GetSymbolInfo(access).Symbol) || !model.GetTypeInfo(node).Type!.IsValueType,
            MemberBindingExpressionSyntax or NameColonSyntax or NameEqualsSyntax => false,
            AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } assignment when assignment.Left == node => false,
            ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax call } => call.Expression.ToString() is not "nameof",
            _ => true,
        };
    }

    private static bool IsMutable(ISymbol? symbol) =>
        symbol is IFieldSymbol { IsReadOnly: false, IsConst: false, DeclaringSyntaxReferences.Length: > 0 } field
            && field.ContainingType.TypeKind != TypeKind.Enum
            && !field.ContainingType.IsTupleType
            && !(field.ContainingType.IsValueType && field.ContainingType.IsReadOnly);
}
