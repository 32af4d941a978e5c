using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Compilation;

/// <summary>A change of the shipped text.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Shipped">A part of its text.</param>
/// <param name="Planted">What is there instead.</param>
internal sealed record PlantedFault(string File, string Shipped, string Planted)
{
    /// <summary>
    /// Not a fault: a look more or less is a matter of speed, and all looks are alike. It is in all explored code.
    /// </summary>
    public static PlantedFault FewerLooks { get; } = new("Mailbox.cs", "LooksBeforeBriefSleep = 32;", "LooksBeforeBriefSleep = 1;");

    /// <summary>A file with the fault.</summary>
    public SyntaxTree PlantedIn(SyntaxTree tree)
    {
        string text = tree.ToString();
        string planted = text.Replace(Shipped, Planted, StringComparison.Ordinal);
        return string.Equals(planted, text, StringComparison.Ordinal)
            ? throw new InvalidOperationException($"{File} does not contain: {Shipped}")
            : CSharpSyntaxTree.ParseText(planted, (CSharpParseOptions)tree.Options, tree.FilePath);
    }
}
