using System.Runtime.CompilerServices;
using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Interop;
using MetricsGateway.Network;
using MetricsGateway.Operation;
using Vigil;

namespace MetricsGateway;

internal static class Program
{
    private const int Success = 0;
    private const int CannotStart = 1;
    private const int UsageError = 2;

    private const int StandardOutput = 1;

    private static int Main(string[] args)
    {
        // Before anything else is loaded, which takes descriptors.
        if (DescriptorLimit.IsTooLow(out ulong limit))
        {
            Console.Error.Write(ConsoleText.TooFewDescriptors(limit));
            return CannotStart;
        }

        return Run(args);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Run(string[] args)
    {
        try
        {
            Invocation invocation = CommandLine.Parse(args);
            switch (invocation.Action)
            {
                case InvocationAction.ShowHelp:
                    Console.Out.Write(HelpText.Create());
                    break;
                case InvocationAction.ShowVersion:
                    Console.Out.Write(ConsoleText.Version);
                    break;
                default:
                    return Serve(invocation);
            }

            return Success;
        }
        catch (ConfigurationException exception)
        {
            Console.Error.Write(ConsoleText.UsageError(exception.Message));
            return UsageError;
        }
        catch (Exception exception) when (exception is ListenException or NameLookupException or FlushFileException or EventManagerException)
        {
            Console.Error.Write(ConsoleText.StartError(exception.Message));
            return CannotStart;
        }
    }

    private static int Serve(Invocation invocation)
    {
        using ErrorConsole errors = new(Console.Error);
        using Gateway gateway = new(
            invocation.Source, invocation.Loaded, new FileDescriptor(StandardOutput), errors, TimeProvider.System);
        gateway.HandleSignals();
        foreach ((string option, string place) in gateway.Places)
        {
            Console.Out.Write(ConsoleText.Listening(option, place));
        }

        return gateway.Run();
    }
}
