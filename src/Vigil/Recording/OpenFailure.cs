using System.Net.Sockets;
using System.Text;

namespace Vigil.Recording;

/// <summary>
/// What a function threw that was to open a recorded descriptor: as an answer, and as an exception again. The exceptions that opening a
/// file, a device or a socket throws come back as what they were, with their message and their code. Others come back as an
/// <see cref="InvalidOperationException"/> that names them, since their types may have no constructor for it.
/// </summary>
internal static class OpenFailure
{
    // A part of the format: the errno of the answer.
    private enum Kind
    {
        Other = 1,
        IO = 2,
        FileNotFound = 3,
        DirectoryNotFound = 4,
        UnauthorizedAccess = 5,
        Socket = 6,
        Argument = 7,
    }

    public static RecordedAnswer Of(Exception exception) => exception switch
    {
        EventManagerException failure => RecordedAnswer.Of(failure),
        FileNotFoundException => Answer(Kind.FileNotFound, exception.HResult, exception.Message),
        DirectoryNotFoundException => Answer(Kind.DirectoryNotFound, exception.HResult, exception.Message),
        IOException when exception.GetType() == typeof(IOException) => Answer(Kind.IO, exception.HResult, exception.Message),
        UnauthorizedAccessException => Answer(Kind.UnauthorizedAccess, exception.HResult, exception.Message),
        SocketException failure => Answer(Kind.Socket, (int)failure.SocketErrorCode, exception.Message),
        ArgumentException => Answer(Kind.Argument, exception.HResult, exception.Message),
        _ => Answer(Kind.Other, exception.HResult, $"{exception.GetType()}: {exception.Message}"),
    };

    /// <summary>The exception of an answer that is not an <see cref="EventManagerException"/>.</summary>
    public static Exception ExceptionOf(in RecordedAnswer answer)
    {
        string message = Message(answer.Bytes);
        return (Kind)answer.Errno switch
        {
            Kind.IO => new IOException(message, answer.Number),
            Kind.FileNotFound => new FileNotFoundException(message),
            Kind.DirectoryNotFound => new DirectoryNotFoundException(message),
            Kind.UnauthorizedAccess => new UnauthorizedAccessException(message),
            Kind.Socket => new SocketException(answer.Number, message),
            Kind.Argument => new ArgumentException(message),
            _ => new InvalidOperationException(message),
        };
    }

    /// <summary>Its message.</summary>
    public static string Message(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static RecordedAnswer Answer(Kind kind, int code, string message) =>
        new(code, (int)kind) { Bytes = Encoding.UTF8.GetBytes(message) };
}
