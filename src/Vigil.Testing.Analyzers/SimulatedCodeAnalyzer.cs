using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Vigil.Testing.Analyzers;

/// <summary>
/// Warns where simulated code uses what is outside of its world. Simulated is what takes a <c>World</c>, files with
/// <c>vigil_testing_simulated = true</c> in an editor configuration, and what both use in the same compilation.
/// </summary>
/// <remarks>
/// What is simulated by itself is told while it is typed. What is only reached is told when the compilation is known as a whole.
/// </remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SimulatedCodeAnalyzer : DiagnosticAnalyzer
{
    private const string Option = "vigil_testing_simulated";

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        [Warnings.Thread, Warnings.Clock, Warnings.Wait, Warnings.Block, Warnings.Randomness, Warnings.Descriptor];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(Start);
    }

    private static void Start(CompilationStartAnalysisContext context)
    {
        AnalyzerConfigOptionsProvider options = context.Options.AnalyzerConfigOptionsProvider;
        CompilationSymbols symbols = new(context.Compilation);
        if (!symbols.KnowsWorlds && !context.Compilation.SyntaxTrees.Any(tree => IsSimulated(tree, options)))
        {
            return;
        }

        SimulatedCode code = new();
        context.RegisterOperationBlockAction(block => Analyze(block, symbols, code));
        context.RegisterCompilationEndAction(end =>
        {
            foreach (Diagnostic diagnostic in code.FindReached())
            {
                end.ReportDiagnostic(diagnostic);
            }
        });
    }

    private static void Analyze(OperationBlockAnalysisContext context, CompilationSymbols symbols, SimulatedCode code)
    {
        BlockFacts facts = new();
        foreach (IOperation block in context.OperationBlocks)
        {
            facts.Visit(block);
        }

        bool isSimulated = symbols.TakesAWorld(context.OwningSymbol)
            || IsSimulated(context.OperationBlocks[0].Syntax.SyntaxTree, context.Options.AnalyzerConfigOptionsProvider);
        BlockWalker walker = new(symbols, facts, new CodeUnit(context.OwningSymbol, parent: null, isSimulated), context.ReportDiagnostic);
        foreach (IOperation block in context.OperationBlocks)
        {
            walker.Visit(block);
        }

        foreach (CodeUnit unit in walker.Units)
        {
            code.Add(unit);
        }
    }

    private static bool IsSimulated(SyntaxTree tree, AnalyzerConfigOptionsProvider options) =>
        options.GetOptions(tree).TryGetValue(Option, out string? value) && bool.TryParse(value, out bool isSimulated) && isSimulated;
}
