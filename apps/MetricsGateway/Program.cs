using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Interop;
using MetricsGateway.Network;
using MetricsGateway.Operation;
using Microsoft.Win32.SafeHandles;
using Vigil;

namespace MetricsGateway;

internal static class Program
{
    private const int Success = 0;
    private const int CannotStart = 1;
    private const int UsageError = 2;

    private const int StandardOutput = 1;
    private const int StandardError = 2;

    // EAGAIN.
    private const int TryAgain = 11;

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
            WriteError(ConsoleText.UsageError(exception.Message));
            return UsageError;
        }
        catch (Exception exception) when (exception is ListenException or NameLookupException or FlushFileException
            or EventManagerException)
        {
            WriteError(ConsoleText.StartError(exception.Message));
            return CannotStart;
        }
    }

    private static int Serve(Invocation invocation)
    {
        if (!TryStart(invocation, out ErrorConsole? errors, out Gateway? gateway))
        {
            WriteError(ConsoleText.TooFewThreads);
            return CannotStart;
        }

        using (errors)
        using (gateway)
        {
            return gateway.Run();
        }
    }

    // All threads that it needs as long as it runs are started here.
    private static bool TryStart(
        Invocation invocation,
        [NotNullWhen(true)] out ErrorConsole? errors,
        [NotNullWhen(true)] out Gateway? gateway)
    {
        errors = null;
        gateway = null;
        try
        {
            errors = new ErrorConsole(Console.Error);
            gateway = new Gateway(invocation.Source, invocation.Loaded, new FileDescriptor(StandardOutput), errors, TimeProvider.System);
            gateway.HandleSignals();
            foreach ((string option, string place) in gateway.Places)
            {
                Console.Out.Write(ConsoleText.Listening(option, place));
            }

            return true;
        }
        catch (Exception exception)
        {
            gateway?.Dispose();
            errors?.Dispose();
            if (!IsOfThreads(exception))
            {
                throw;
            }

            return false;
        }
    }

    // What the runtime makes of pthread_create(3) where there are as many threads as may be: memory that is missing, also for its own
    // threads, and of the console's an errno.
    private static bool IsOfThreads(Exception exception) =>
        exception is OutOfMemoryException or TypeInitializationException { InnerException: OutOfMemoryException }
            or Win32Exception { NativeErrorCode: TryAgain };

    // The console needs a thread of its own.
    private static void WriteError(string text)
    {
        try
        {
            Console.Error.Write(text);
        }
        catch (Win32Exception)
        {
            using FileStream error = new(new SafeFileHandle(StandardError, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            error.Write(Encoding.UTF8.GetBytes(text));
        }
    }
}
