using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
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

    // EBADF.
    private const string NotOpen = "Bad file descriptor";

    // EAGAIN.
    private const int TryAgain = 11;

    // EINVAL.
    private const int InvalidArgument = 22;

    // Without one, the number is that of a file which the runtime has opened for itself, such as an end of a pipe, and not to be written.
    private static bool HasOutput => FileNative.IsInherited(StandardOutput);

    private static int Main(string[] args)
    {
        // First of all: loading other code takes descriptors.
        if (DescriptorLimit.IsTooLow(out ulong limit))
        {
            try
            {
                Console.Error.Write(ConsoleText.TooFewDescriptors(limit));
            }
            catch (Exception)
            {
                // The exit code says it, too.
            }

            return CannotStart;
        }

        return Run(args);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Run(string[] args)
    {
        ServiceNotifier? notifier = null;
        try
        {
            notifier = ServiceNotifier.FromEnvironment();
            Invocation invocation = CommandLine.Parse(args);
            switch (invocation.Action)
            {
                case InvocationAction.ShowHelp:
                    return Show(HelpText.Create());
                case InvocationAction.ShowVersion:
                    return Show(ConsoleText.Version);
                default:
                    return Serve(invocation, notifier);
            }
        }
        catch (ConfigurationException exception)
        {
            WriteError(ConsoleText.UsageError(exception.Message));
            TellFailure(notifier, exception);
            return UsageError;
        }
        catch (Exception exception) when (exception is ListenException or NameLookupException or FlushFileException
            or EventManagerException)
        {
            WriteError(ConsoleText.StartError(exception.Message));
            TellFailure(notifier, exception);
            return CannotStart;
        }
        finally
        {
            notifier?.Dispose();
        }
    }

    private static void TellFailure(ServiceNotifier? notifier, Exception exception)
    {
        int errno = exception switch
        {
            ConfigurationException => InvalidArgument,
            EventManagerException refusal => refusal.Errno,
            { InnerException: SocketException refusal } => refusal.NativeErrorCode,
            _ => 0,
        };
        if (errno > 0)
        {
            notifier?.Errno(errno);
        }

        notifier?.Status(exception.Message);
    }

    private static int Show(string text)
    {
        if (TryWriteOutput(text, out string? reason))
        {
            return Success;
        }

        WriteError(ConsoleText.OutputFails(reason));
        return CannotStart;
    }

    private static int Serve(Invocation invocation, ServiceNotifier notifier)
    {
        if (!TryStart(invocation, notifier, out ErrorConsole? errors, out Gateway? gateway))
        {
            WriteError(ConsoleText.TooFewThreads);
            notifier.Errno(TryAgain);
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
        ServiceNotifier notifier,
        [NotNullWhen(true)] out ErrorConsole? errors,
        [NotNullWhen(true)] out Gateway? gateway)
    {
        errors = null;
        gateway = null;
        try
        {
            errors = new ErrorConsole(Console.Error);
            ErrorConsole console = errors;
            notifier.Failed += (_, failure) => console.Write(ConsoleText.Line($"{failure}"));
            FileDescriptor output = HasOutput ? new FileDescriptor(StandardOutput) : default;
            PassedSockets passed = TakePassedSockets(errors);
            gateway = new Gateway(invocation.Source, invocation.Loaded, output, errors, TimeProvider.System, notifier, passed);
            gateway.HandleSignals();
            string places = string.Concat(gateway.Places.Select(entry => ConsoleText.Listening(entry.Option, entry.Place)));
            if (!TryWriteOutput(places, out string? reason))
            {
                errors.Write(ConsoleText.OutputFails(reason));
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

    private static PassedSockets TakePassedSockets(ErrorConsole errors)
    {
        using InheritedDescriptors inherited = InheritedDescriptors.Take();
        if (inherited.NotTakenBecause is { } reason)
        {
            errors.Write(ConsoleText.Line(reason));
        }

        PassedSockets passed = new(inherited);
        foreach (InheritedDescriptor left in inherited.Unclaimed)
        {
            errors.Write(ConsoleText.PassedInVain(left));
        }

        return passed;
    }

    // How the runtime reports a failure of pthread_create(3) at the limit of threads: as missing memory, also for its own threads, and for
    // the console's thread as an errno.
    private static bool IsOfThreads(Exception exception) =>
        exception is OutOfMemoryException or TypeInitializationException { InnerException: OutOfMemoryException }
            or Win32Exception { NativeErrorCode: TryAgain };

    // What the console throws where it cannot write depends on the errno (ErrorConsole). A thread that it needs is another matter.
    private static bool TryWriteOutput(string text, [NotNullWhen(false)] out string? reason)
    {
        if (!HasOutput)
        {
            reason = NotOpen;
            return false;
        }

        try
        {
            Console.Out.Write(text);
            reason = null;
            return true;
        }
        catch (Exception exception) when (!IsOfThreads(exception))
        {
            reason = (exception.InnerException ?? exception).Message;
            return false;
        }
    }

    // Not by ErrorConsole, which needs a thread of its own; the console may need one, too. Where nothing can be written, the exit code is
    // all that is left.
    private static void WriteError(string text)
    {
        try
        {
            Console.Error.Write(text);
        }
        catch (Win32Exception)
        {
            WriteErrorUnaided(text);
        }
        catch (Exception)
        {
            // See above.
        }
    }

    private static void WriteErrorUnaided(string text)
    {
        try
        {
            using FileStream error = new(new SafeFileHandle(StandardError, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            error.Write(Encoding.UTF8.GetBytes(text));
        }
        catch (Exception)
        {
            // See above.
        }
    }
}
