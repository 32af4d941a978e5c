using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>A place in the sources that refers to a type of another file, or to a member of such a type.</summary>
/// <param name="FromFile">The file that refers to it.</param>
/// <param name="ToFile">The file that declares the type.</param>
/// <param name="TypeName">The type.</param>
/// <param name="Member">The member, if it is not public; empty for the type itself and for public members.</param>
internal sealed record TypeReference(string FromFile, string ToFile, string TypeName, string Member)
{
    /// <summary>Whether it refers to the manager's public API: its own public members, and its options.</summary>
    public bool IsToFace => TypeName is "Vigil.EventManager" or "Vigil.EventManagerOptions" && Member.Length == 0;

    public string FromFolder => LibrarySources.FolderOf(FromFile);

    public string ToFolder => LibrarySources.FolderOf(ToFile);
}

/// <summary>The library's sources, compiled so that every name in them is bound to its meaning.</summary>
internal sealed class LibrarySources
{
    // A partial method whose implementation is generated: the signature is enough to bind to.
    private const string MissingImplementation = "CS8795";

    private const string ImplicitUsings =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly Lazy<LibrarySources> Instance = new(() => new LibrarySources());

    private readonly CSharpCompilation _compilation;
    private readonly Lazy<TypeReference[]> _references;
    private readonly Dictionary<SyntaxTree, SemanticModel> _models = [];
    private readonly Dictionary<ITypeSymbol, (string Name, string[] Files)> _types = new(SymbolEqualityComparer.Default);

    private LibrarySources()
    {
        var parsing = new CSharpParseOptions(LanguageVersion.Latest);
        Trees = [.. Directory.EnumerateFiles(Repository.Library, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Library, path))
            .Where(path => FolderOf(path) is not ("bin" or "obj"))
            .Order(StringComparer.Ordinal)
            .Select(path => CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(Repository.Library, path)), parsing, path))];
        _compilation = CSharpCompilation.Create(
            "Vigil",
            [.. Trees, CSharpSyntaxTree.ParseText(ImplicitUsings, parsing, "ImplicitUsings")],
            SharedFramework(),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                allowUnsafe: true,
                nullableContextOptions: NullableContextOptions.Enable));
        _references = new Lazy<TypeReference[]>(() => [.. FindReferences().Distinct()]);
    }

    public static LibrarySources Current => Instance.Value;

    /// <summary>The files, with paths relative to the library's folder.</summary>
    public IReadOnlyList<SyntaxTree> Trees { get; }

    /// <summary>The compiler's errors, except for missing generated code: a name that is not bound would hide a reference.</summary>
    public IEnumerable<Diagnostic> Errors => _compilation.GetDiagnostics()
        .Where(
            diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && !string.Equals(
                diagnostic.Id,
                MissingImplementation,
                StringComparison.Ordinal));

    /// <summary>The distinct references from one file to a type of another.</summary>
    public IReadOnlyList<TypeReference> References => _references.Value;

    /// <summary>The first folder of a file's path; empty for the root.</summary>
    public static string FolderOf(string file)
    {
        int end = file.IndexOf(Path.DirectorySeparatorChar);
        return end < 0 ? "" : file[..end];
    }

    public IEnumerable<INamedTypeSymbol> DeclaredTypes() => Trees.SelectMany(tree =>
    {
        SemanticModel model = ModelOf(tree);
        return tree.GetRoot().DescendantNodes()
            .Where(node => node is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)
            .Select(node => (INamedTypeSymbol)model.GetDeclaredSymbol(node)!);
    });

    /// <summary>The values in interpolated strings, with their types.</summary>
    public IEnumerable<(InterpolationSyntax Hole, ITypeSymbol? Type)> Interpolations() => Trees.SelectMany(tree =>
    {
        SemanticModel model = ModelOf(tree);
        return tree.GetRoot().DescendantNodes().OfType<InterpolationSyntax>().Select(
            hole => (hole, model.GetTypeInfo(hole.Expression).Type));
    });

    // A model keeps what it has bound, for the next test that asks.
    private SemanticModel ModelOf(SyntaxTree tree)
    {
        if (!_models.TryGetValue(tree, out SemanticModel? model))
        {
            _models.Add(tree, model = _compilation.GetSemanticModel(tree));
        }

        return model;
    }

    private IEnumerable<TypeReference> FindReferences() => Trees.SelectMany(tree =>
    {
        SemanticModel model = ModelOf(tree);
        return tree.GetRoot().DescendantNodes().OfType<ExpressionSyntax>()
            .SelectMany(node => NamedBy(model, node))
            .Distinct()
            .SelectMany(used => Described(used.Type).Files.Select(
                file => new TypeReference(tree.FilePath, file, Described(used.Type).Name, used.Member)))
            .Where(reference => !string.Equals(reference.FromFile, reference.ToFile, StringComparison.Ordinal));
    });

    // The meaning of a name, and the type of an expression: new() and var name no type but depend on it.
    private static IEnumerable<(ITypeSymbol Type, string Member)> NamedBy(SemanticModel model, ExpressionSyntax node)
    {
        ISymbol? symbol = model.GetSymbolInfo(node).Symbol;
        TypeInfo info = model.GetTypeInfo(node);
        return new[] { symbol as ITypeSymbol ?? symbol?.ContainingType, info.Type, info.ConvertedType }
            .OfType<ITypeSymbol>()
            .Select(type => (type, MemberOf(type, symbol)));
    }

    // Computed once for each type: the sources name a type hundreds of times, and most of the types are the runtime's.
    private (string Name, string[] Files) Described(ITypeSymbol type)
    {
        if (!_types.TryGetValue(type, out (string Name, string[] Files) description))
        {
            string[] files = [.. FilesOf(type)];
            description = (files is [] ? "" : type.WithNullableAnnotation(NullableAnnotation.None).ToDisplayString(), files);
            _types.Add(type, description);
        }

        return description;
    }

    private static string MemberOf(ITypeSymbol type, ISymbol? symbol) =>
        symbol is not (null or ITypeSymbol) && SymbolEqualityComparer.Default.Equals(symbol.ContainingType, type)
            && symbol.DeclaredAccessibility is not (Accessibility.Public or Accessibility.NotApplicable)
            ? symbol.Name
            : "";

    private static IEnumerable<string> FilesOf(ITypeSymbol type) =>
        type.OriginalDefinition.DeclaringSyntaxReferences.Select(declaration => declaration.SyntaxTree.FilePath);

    // Only the runtime's assemblies: the library depends on no package, and a package that it used would not be bound.
    private static IEnumerable<MetadataReference> SharedFramework()
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        return trusted.Split(Path.PathSeparator)
            .Where(path => string.Equals(Path.GetDirectoryName(path), runtime, StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path));
    }
}
