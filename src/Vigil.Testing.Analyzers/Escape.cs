using Microsoft.CodeAnalysis;

namespace Vigil.Testing.Analyzers;

/// <summary>Whether a use of a member leaves the simulation.</summary>
/// <param name="use">The call, creation, read, or reference to a method.</param>
/// <param name="member">The member.</param>
/// <param name="facts">What is known about the code around it.</param>
internal delegate bool EscapeCondition(IOperation use, ISymbol member, BlockFacts facts);

/// <summary>Members of one type by which code leaves a simulation.</summary>
/// <param name="warning">What is told.</param>
/// <param name="type">The type's name in metadata.</param>
/// <param name="members">The members' names; <c>.ctor</c> for constructors, none for all methods.</param>
/// <param name="instead">What to use instead, as the end of a sentence.</param>
/// <param name="condition">Which uses; null for all.</param>
internal sealed class Escape(
    DiagnosticDescriptor warning, string type, string[] members, string instead, EscapeCondition? condition = null)
{
    public DiagnosticDescriptor Warning => warning;

    public string Type => type;

    public string Instead => instead;

    public bool IsUsedBy(IOperation use, ISymbol member, BlockFacts facts) =>
        (members.Length == 0
            ? member is IMethodSymbol { MethodKind: MethodKind.Ordinary }
            : members.Contains(member.Name, StringComparer.Ordinal))
        && (condition is null || condition(use, member, facts));
}
