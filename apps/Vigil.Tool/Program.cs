namespace Vigil.Tool;

/// <summary>The command line tool <c>vigil</c>.</summary>
internal static class Program
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int UsageError = 2;

    private const string Usage =
        """
        vigil replay FILE    prints a recording (EventManagerOptions.Recorder) as text, a line for each record
        vigil --help         prints this
        vigil --version      prints the version

        """;

    private static int Main(string[] args)
    {
        try
        {
            return Run(args);
        }
        catch (IOException)
        {
            // Nobody reads the output any more, as with "| head".
            return Failure;
        }
    }

    private static int Run(string[] args)
    {
        switch (args)
        {
            case ["replay", "-h" or "--help"] or ["-h" or "--help" or "help"]:
                Console.Out.Write(Usage);
                return Success;
            case ["--version"]:
                Console.Out.WriteLine(typeof(Program).Assembly.GetName().Version?.ToString(fieldCount: 3));
                return Success;
            case ["replay", string path]:
                return ReplayCommand.Run(path, Console.Out, Console.Error) ? Success : Failure;
            case ["replay", ..]:
                Console.Error.WriteLine("vigil replay takes one file: vigil replay FILE");
                return UsageError;
            case []:
                Console.Error.Write(Usage);
                return UsageError;
            default:
                Console.Error.WriteLine($"vigil does not know the command {args[0]}. It knows replay; vigil --help says more.");
                return UsageError;
        }
    }
}
