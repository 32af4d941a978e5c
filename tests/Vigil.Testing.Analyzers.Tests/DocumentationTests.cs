using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace Vigil.Testing.Analyzers.Tests;

/// <summary>docs/testing.md describes each warning.</summary>
public class DocumentationTests
{
    [Fact]
    public void The_documentation_has_a_row_for_each_warning()
    {
        string page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "testing.md"));

        string[] rows = [.. Regex.Matches(page, @"^\| (?<id>VIGILT[0-9]{3}) \|", RegexOptions.Multiline, TimeSpan.FromSeconds(10))
            .Select(row => row.Groups["id"].Value)];

        Assert.Equal(new SimulatedCodeAnalyzer().SupportedDiagnostics.Select(warning => warning.Id), rows);
    }

    [Fact]
    public void Each_warning_can_be_suppressed() => Assert.All(
        new SimulatedCodeAnalyzer().SupportedDiagnostics,
        warning =>
        {
            Assert.True(warning.IsEnabledByDefault);
            Assert.DoesNotContain(WellKnownDiagnosticTags.NotConfigurable, warning.CustomTags);
        });
}
