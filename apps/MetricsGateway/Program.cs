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
        // First of all: loading other code takes descriptors.
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

    // All threads that live as long as the gateway are started here.
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

    // How the runtime reports a failure of pthread_create(3) at the limit of threads: as missing memory, also for its own threads, and for
    // the console's thread as an errno.
    private static bool IsOfThreads(Exception exception) =>
        exception is OutOfMemoryException or TypeInitializationException { InnerException: OutOfMemoryException }
            or Win32Exception { NativeErrorCode: TryAgain };

    // Not by ErrorConsole, which needs a thread of its own.
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
