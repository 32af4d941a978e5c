using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Vigil.Testing.Analyzers;

/// <summary>
/// All units of a compilation. Simulated are those that are so by themselves, what they use, and so on. Calls of virtual members are not
/// followed: creating an object is what makes its overrides simulated.
/// </summary>
internal sealed class SimulatedCode
{
    private readonly ConcurrentBag<CodeUnit> _units = [];

    public void Add(CodeUnit unit) => _units.Add(unit);

    /// <summary>What is found in units that are not simulated by themselves, but reached.</summary>
    public IEnumerable<Diagnostic> FindReached()
    {
        ILookup<ISymbol, CodeUnit> bySymbol = _units.ToLookup(unit => unit.Symbol, SymbolEqualityComparer.Default)!;
        HashSet<CodeUnit> reached = [.. _units.Where(unit => unit.IsSimulated)];

        // Sorted, so that a warning names the same user in each build.
        Queue<CodeUnit> queue = new(reached.OrderBy(unit => PlaceOf(unit.Symbol), StringComparer.Ordinal));
        while (queue.Count > 0)
        {
            CodeUnit from = queue.Dequeue();
            foreach (CodeUnit used in from.Uses.SelectMany(symbol => bySymbol[symbol]).Concat(from.Parts))
            {
                if (!reached.Add(used))
                {
                    continue;
                }

                queue.Enqueue(used);
                foreach (FoundEscape escape in used.Escapes)
                {
                    yield return escape.ToDiagnostic(from.Symbol);
                }
            }
        }
    }

    private static string PlaceOf(ISymbol symbol) => symbol.Locations.FirstOrDefault() is { SourceTree: { } tree } location
        ? string.Format(CultureInfo.InvariantCulture, "{0}:{1:D10}", tree.FilePath, location.SourceSpan.Start)
        : "";
}
