using System.Globalization;

namespace Compare.Managed;

/// <summary>A .NET peer in a process of its own: <c>run PEER MEASUREMENT NUMBER…</c>. Each line that it reads is the number of operations
/// to perform next.</summary>
internal static class ManagedProgram
{
    private const int Success = 0;
    private const int UsageError = 2;

    public static int Run(string peer, string name, string[] numbers)
    {
        if (!ManagedCatalogue.Has(peer, name))
        {
            Console.Error.WriteLine($"{peer} has no measurement '{name}'.");
            return UsageError;
        }

        using Measurement measurement = ManagedCatalogue.Create(
            peer,
            name,
            [.. numbers.Select(number => int.Parse(number, CultureInfo.InvariantCulture))]);
        if (measurement.FirstFigure is { } figure)
        {
            Answer(name, [figure]);
        }

        while (Console.In.ReadLine() is { } line)
        {
            Answer(name, measurement.Perform(int.Parse(line, CultureInfo.InvariantCulture)));
        }

        // Servers and idlers on other threads do not end by themselves.
        Environment.Exit(Success);
        return Success;
    }

    private static void Answer(string name, double[] figures) =>
        Console.Out.WriteLine($"{name} {string.Join(' ', figures.Select(TextOf))}");

    private static string TextOf(double figure) =>
        double.IsNaN(figure) ? "nan" : figure.ToString("F3", CultureInfo.InvariantCulture);
}
