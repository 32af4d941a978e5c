using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Vigil.Internals.Tests.Architecture;

/// <summary>A place in the sources that names a type, or something of a type, which another file declares.</summary>
/// <param name="FromFile">The file that names it.</param>
/// <param name="ToFile">The file that declares the type.</param>
/// <param name="TypeName">The type.</param>
/// <param name="Member">The member of it that is named, where that is not public; empty where only the type is named, or what is public of
/// it.</param>
internal sealed record TypeReference(string FromFile, string ToFile, string TypeName, string Member)
{
    /// <summary>Whether it is to what the manager shows to users: its own public members, and its options.</summary>
    public bool IsToFace => TypeName is "Vigil.EventManager" or "Vigil.EventManagerOptions" && Member.Length == 0;

    public string FromFolder => LibrarySources.FolderOf(FromFile);

    public string ToFolder => LibrarySources.FolderOf(ToFile);
}

/// <summary>The library's sources, compiled so that every name in them is bound to what it means.</summary>
internal sealed class LibrarySources
{
    // A partial method whose other half is generated: the signature is enough to bind to.
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

    /// <summary>The files, named from the library's folder.</summary>
    public IReadOnlyList<SyntaxTree> Trees { get; }

    /// <summary>What the compiler objects to, other than the absence of generated code: a name that is not bound hides a
    /// reference.</summary>
    public IEnumerable<Diagnostic> Errors => _compilation.GetDiagnostics()
        .Where(
            diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && !string.Equals(
                diagnostic.Id,
                MissingImplementation,
                StringComparison.Ordinal));

    /// <summary>Every reference from one file to a type of another, once.</summary>
    public IReadOnlyList<TypeReference> References => _references.Value;

    /// <summary>The first folder of a file's path; empty for the root.</summary>
    public static string FolderOf(string file)
    {
        int end = file.IndexOf(Path.DirectorySeparatorChar);
        return end < 0 ? "" : file[..end];
    }

    public IEnumerable<INamedTypeSymbol> DeclaredTypes() => Trees.SelectMany(tree =>
    {
        SemanticModel model = _compilation.GetSemanticModel(tree);
        return tree.GetRoot().DescendantNodes()
            .Where(node => node is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)
            .Select(node => (INamedTypeSymbol)model.GetDeclaredSymbol(node)!);
    });

    /// <summary>Every value that is put into an interpolated string, with its type.</summary>
    public IEnumerable<(InterpolationSyntax Hole, ITypeSymbol? Type)> Interpolations() => Trees.SelectMany(tree =>
    {
        SemanticModel model = _compilation.GetSemanticModel(tree);
        return tree.GetRoot().DescendantNodes().OfType<InterpolationSyntax>().Select(
            hole => (hole, model.GetTypeInfo(hole.Expression).Type));
    });

    private IEnumerable<TypeReference> FindReferences() => Trees.SelectMany(tree =>
    {
        SemanticModel model = _compilation.GetSemanticModel(tree);
        return tree.GetRoot().DescendantNodes().OfType<ExpressionSyntax>()
            .SelectMany(node => TypesIn(model, node).Select(type => (Type: type, Member: MemberOf(type, model.GetSymbolInfo(node).Symbol))))
            .SelectMany(
                used => FilesOf(used.Type).Select(
                    file => new TypeReference(
                        tree.FilePath,
                        file,
                        used.Type.WithNullableAnnotation(NullableAnnotation.None).ToDisplayString(),
                        used.Member)))
            .Where(reference => !string.Equals(reference.FromFile, reference.ToFile, StringComparison.Ordinal));
    });

    // What a name means, and what type an expression has: new() and var name no type but depend on it all the same.
    private static IEnumerable<ITypeSymbol> TypesIn(SemanticModel model, ExpressionSyntax node)
    {
        ISymbol? symbol = model.GetSymbolInfo(node).Symbol;
        TypeInfo info = model.GetTypeInfo(node);
        return new[] { symbol as ITypeSymbol ?? symbol?.ContainingType, info.Type, info.ConvertedType }.OfType<ITypeSymbol>();
    }

    private static string MemberOf(ITypeSymbol type, ISymbol? symbol) =>
        symbol is not (null or ITypeSymbol) && SymbolEqualityComparer.Default.Equals(symbol.ContainingType, type)
            && symbol.DeclaredAccessibility is not (Accessibility.Public or Accessibility.NotApplicable)
            ? symbol.Name
            : "";

    private static IEnumerable<string> FilesOf(ITypeSymbol type) =>
        type.OriginalDefinition.DeclaringSyntaxReferences.Select(declaration => declaration.SyntaxTree.FilePath);

    // Only what comes with the runtime: the library depends on no package, and one that it used would not be bound.
    private static IEnumerable<MetadataReference> SharedFramework()
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        return trusted.Split(Path.PathSeparator)
            .Where(path => string.Equals(Path.GetDirectoryName(path), runtime, StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path));
    }
}
