using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;

namespace Vigil.Testing.Analyzers;

/// <summary>The types of a compilation that decide what is simulated and what leaves a simulation.</summary>
internal sealed class CompilationSymbols
{
    private readonly Dictionary<INamedTypeSymbol, List<Escape>> _escapes = new(SymbolEqualityComparer.Default);
    private readonly ConcurrentDictionary<INamedTypeSymbol, ISymbol[]> _runByCreation = new(SymbolEqualityComparer.Default);
    private readonly IAssemblySymbol _assembly;
    private readonly INamedTypeSymbol? _world;

    public CompilationSymbols(Compilation compilation)
    {
        _assembly = compilation.Assembly;
        _world = compilation.GetTypeByMetadataName("Vigil.Testing.World");
        foreach (Escape escape in EscapeTable.All)
        {
            foreach (INamedTypeSymbol type in compilation.GetTypesByMetadataName(escape.Type))
            {
                if (!_escapes.TryGetValue(type, out List<Escape>? ofType))
                {
                    _escapes.Add(type, ofType = []);
                }

                ofType.Add(escape);
            }
        }
    }

    /// <summary>Whether the compilation can have simulations.</summary>
    public bool KnowsWorlds => _world is not null;

    /// <summary>A world is made by a simulation only. So what takes one runs in a simulation.</summary>
    public bool TakesAWorld(ISymbol symbol) =>
        _world is not null && symbol is IMethodSymbol method
        && method.Parameters.Any(parameter => SymbolEqualityComparer.Default.Equals(parameter.Type, _world));

    /// <summary>Whether it is declared in this compilation.</summary>
    public bool IsOwn(ISymbol symbol) => SymbolEqualityComparer.Default.Equals(symbol.ContainingAssembly, _assembly);

    public Escape? FindEscape(IOperation use, ISymbol member, BlockFacts facts) =>
        member.ContainingType is { } type && _escapes.TryGetValue(type.OriginalDefinition, out List<Escape>? ofType)
            ? ofType.Find(escape => escape.IsUsedBy(use, member, facts))
            : null;

    /// <summary>
    /// What runs because an object is created: its initializers, and the members by which others call it without knowing its type, which
    /// are overrides and implementations of interfaces.
    /// </summary>
    public IReadOnlyList<ISymbol> RunBy(INamedTypeSymbol type) =>
        IsOwn(type) ? _runByCreation.GetOrAdd(type.OriginalDefinition, created => [.. FindRunBy(created)]) : [];

    private IEnumerable<ISymbol> FindRunBy(INamedTypeSymbol created)
    {
        for (INamedTypeSymbol? type = created; type is not null && IsOwn(type); type = type.BaseType?.OriginalDefinition)
        {
            foreach (ISymbol member in type.GetMembers().Where(member => !member.IsStatic))
            {
                if (member is IFieldSymbol or IPropertySymbol or IEventSymbol or IMethodSymbol { IsOverride: true })
                {
                    yield return member;
                }
                else if (member is IMethodSymbol { MethodKind: MethodKind.Constructor, Parameters.Length: 0 } && !IsSame(type, created))
                {
                    // Called without being written.
                    yield return member;
                }
            }
        }

        foreach (ISymbol face in created.AllInterfaces.SelectMany(face => face.GetMembers()).Where(member => member is IMethodSymbol))
        {
            if (created.FindImplementationForInterfaceMember(face) is { } implementation && IsOwn(implementation))
            {
                yield return implementation.OriginalDefinition;
            }
        }
    }

    private static bool IsSame(INamedTypeSymbol type, INamedTypeSymbol other) => SymbolEqualityComparer.Default.Equals(type, other);
}
