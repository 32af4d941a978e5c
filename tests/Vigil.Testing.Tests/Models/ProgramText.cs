using System.Globalization;
using System.Reflection;
using System.Text;

namespace Vigil.Testing.Tests.Models;

/// <summary>Writes programs as C#, to be pasted as tests.</summary>
internal static class ProgramText
{
    public static string Of(string name, MachineKind machine, ulong worldSeed, ModelProgram program)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"    [Fact]\n    public void {name}() => Check(\n");
        text.Append(CultureInfo.InvariantCulture, $"        MachineKind.{machine},\n        worldSeed: {worldSeed},\n");
        text.Append(CultureInfo.InvariantCulture, $"        new(FaultPolicy.{program.Policy},\n        [\n");
        foreach (Operation operation in program.Operations)
        {
            text.Append("            ").Append(Of(operation)).Append(",\n");
        }

        return text.Append("        ]));\n").ToString();
    }

    public static string Of(Operation operation)
    {
        ParameterInfo[] parameters = operation.GetType().GetConstructors().Single().GetParameters();
        IEnumerable<string> arguments = parameters.Select(
            parameter => OfValue(operation.GetType().GetProperty(parameter.Name!)!.GetValue(operation)));
        return $"new {operation.GetType().Name}({string.Join(", ", arguments)})";
    }

    private static string OfValue(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        Operation nested => Of(nested),
        Enum constant => string.Join(" | ", constant.ToString().Split(", ").Select(member => $"{constant.GetType().Name}.{member}")),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
