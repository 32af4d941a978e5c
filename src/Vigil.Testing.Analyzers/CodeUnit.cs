using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Vigil.Testing.Analyzers;

/// <summary>
/// Code that is simulated as a whole or not: a member, a local function, or a lambda that takes a world. What is written inside of it
/// belongs to it, other lambdas included.
/// </summary>
internal sealed class CodeUnit(ISymbol symbol, CodeUnit? parent, bool isRoot)
{
    /// <summary>The member, or the function in it.</summary>
    public ISymbol Symbol => symbol;

    /// <summary>
    /// Whether it is simulated by itself: it takes a world, an editor configuration says so of its file, or it is in such code.
    /// </summary>
    public bool IsSimulated { get; } = isRoot || parent is { IsSimulated: true };

    /// <summary>The units in it.</summary>
    public List<CodeUnit> Parts { get; } = [];

    /// <summary>Members and local functions of this compilation that it calls or refers to.</summary>
    public HashSet<ISymbol> Uses { get; } = new(SymbolEqualityComparer.Default);

    /// <summary>By what it would leave a simulation. Empty if it is simulated by itself: then it is told at once.</summary>
    public List<FoundEscape> Escapes { get; } = [];
}

/// <summary>A place where code leaves a simulation.</summary>
internal sealed class FoundEscape(Escape escape, string member, Location location)
{
    private const string Reached = " (reached from '{0}')";

    /// <param name="from">The simulated code that uses the code with this place; null if that is simulated by itself.</param>
    public Diagnostic ToDiagnostic(ISymbol? from) => Diagnostic.Create(
        escape.Warning,
        location,
        member,
        escape.Instead,
        from is null ? "" : string.Format(CultureInfo.InvariantCulture, Reached, NameOf(from)));

    private static string NameOf(ISymbol symbol) => symbol switch
    {
        IMethodSymbol { MethodKind: MethodKind.LambdaMethod, ContainingSymbol: { } container } => $"a lambda in {NameOf(container)}",
        IMethodSymbol { MethodKind: MethodKind.LocalFunction } => symbol.Name,
        IMethodSymbol { Name: WellKnownMemberNames.TopLevelStatementsEntryPointMethodName } => "the program",
        IMethodSymbol { AssociatedSymbol: { } property } => NameOf(property),
        IMethodSymbol { MethodKind: MethodKind.Constructor or MethodKind.StaticConstructor } => $"new {symbol.ContainingType.Name}",
        { ContainingType: { } type } => $"{type.Name}.{symbol.Name}",
        _ => symbol.Name,
    };
}
