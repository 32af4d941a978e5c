using MetricsGateway.Configuration;
using MetricsGateway.Network;
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
                    Serve(invocation.Options);
                    break;
            }

            return Success;
        }
        catch (ConfigurationException exception)
        {
            Console.Error.Write(ConsoleText.UsageError(exception.Message));
            return UsageError;
        }
        catch (Exception exception) when (exception is ListenException or EventManagerException)
        {
            Console.Error.Write(ConsoleText.StartError(exception.Message));
            return CannotStart;
        }
    }

    private static void Serve(GatewayOptions options)
    {
        using Gateway gateway = new(options, new FileDescriptor(StandardOutput), Console.Error, TimeProvider.System);
        using (new StopSignals(gateway.Stop))
        {
            foreach ((string option, string place) in gateway.Places)
            {
                Console.Out.Write(ConsoleText.Listening(option, place));
            }

            gateway.Run();

            // Everything is closed when the totals are told: whoever reads them may start the next one.
            gateway.Dispose();
            Console.Out.Write(ConsoleText.Totals(gateway.Totals, gateway.Store));
        }
    }
}
