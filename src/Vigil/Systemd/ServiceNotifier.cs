using System.Globalization;
using Vigil.Diagnostics;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// Tells the service manager (systemd) what a service is doing: that it is ready, reloads or stops, its status, that it is alive; and gives
/// it descriptors to keep (<c>sd_notify(3)</c>, docs/systemd.md).
/// </summary>
/// <remarks>
/// <para>Any thread may call all members, at any time; only <see cref="WaitForBarrierAsync"/> is for the thread of its manager. No call
/// waits. Messages arrive in the order of the calls. Those that find the socket full are kept and sent by the watchdog's thread, up to 64
/// messages, 64 KiB and 253 descriptors; a status waits for its next second instead, and a beat for the next look. What is lost never
/// throws: it is reported once (<see cref="Failed"/>).</para>
/// <para>Without a service manager the notifier does nothing (<see cref="IsAvailable"/>). So a service calls it unconditionally.</para>
/// </remarks>
public sealed class ServiceNotifier : IDisposable
{
    /// <summary>The maximum length of a message, in bytes of UTF-8: the service manager ignores longer ones.</summary>
    public const int MaxMessageBytes = NotifyMessage.MaxBytes;

    /// <summary>The maximum length of a status, in bytes of UTF-8. What exceeds it is cut.</summary>
    public const int MaxStatusBytes = StatusLine.MaxBytes;

    /// <summary>How many descriptors one message can have (<c>unix(7)</c>).</summary>
    public const int MaxDescriptors = NotifyNative.MaxDescriptors;

    private const int MaxNameLength = 255;

    private readonly NotifyChannel? _channel;

    /// <summary>Creates a notifier for a socket that is known from elsewhere. A service uses <see cref="FromEnvironment"/>.</summary>
    /// <param name="address">
    /// The socket: <c>/path</c>, <c>@abstract</c>, or <c>vsock:CID:PORT</c>; null for a notifier that does nothing.
    /// </param>
    /// <param name="watchdogPeriod">How long the service manager waits for a sign of life; null for ever.</param>
    /// <param name="storeCapacity">How many descriptors the service manager keeps; 0 for none.</param>
    /// <exception cref="ArgumentException">The address is none of these; the message says why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The period or the capacity is out of range.</exception>
    /// <exception cref="EventManagerException">The kernel refused a socket, for instance because too many files are open
    /// (<c>EMFILE</c>).</exception>
    public ServiceNotifier(string? address, TimeSpan? watchdogPeriod = null, int storeCapacity = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(storeCapacity);
        if (watchdogPeriod is { } period)
        {
            RequirePositive(period, nameof(watchdogPeriod));
        }

        if (address is null)
        {
            return;
        }

        try
        {
            Address = NotifyAddress.Parse(address).Text;
            _channel = new NotifyChannel(NotifyAddress.Parse(address), OnFailed);
        }
        catch (FormatException exception)
        {
            throw new ArgumentException($"{address} is no socket of a service manager: {exception.Message}.", nameof(address), exception);
        }

        StoreCapacity = _channel.TakesDescriptors ? storeCapacity : 0;
        WatchdogPeriod = watchdogPeriod;
        if (watchdogPeriod is { } beats)
        {
            _channel.SetBeat(HalfOf(beats));
        }
    }

    /// <summary>
    /// Raised when messages are lost: the socket is gone, refuses, or was full for too long. Once, until a message is taken again; on the
    /// thread that found it. Without a handler, reports are written to standard error, and so is a handler's exception. Any thread may add
    /// and remove handlers.
    /// </summary>
    public event EventHandler<NotifyFailure>? Failed;

    /// <summary>Whether there is a service manager to tell. If not, every call does nothing.</summary>
    public bool IsAvailable => _channel is not null;

    /// <summary>The service manager's socket; null without one.</summary>
    public string? Address { get; }

    /// <summary>
    /// How long the service manager waits for a sign of life before it ends the service (<c>WatchdogSec=</c>). Null for ever, or if the
    /// signs are another process's business (<c>WATCHDOG_PID</c>). They come from the watchdog of managers
    /// (<see cref="WatchdogOptions.Notifier"/>), in half of this time.
    /// </summary>
    public TimeSpan? WatchdogPeriod { get; private set; }

    /// <summary>How many descriptors the service manager keeps for the service (<c>FileDescriptorStoreMax=</c>); 0 for none.</summary>
    public int StoreCapacity { get; }

    internal NotifyChannel? Channel => _channel;

    /// <summary>
    /// Takes over what the service manager has said in the environment: <c>NOTIFY_SOCKET</c>, <c>WATCHDOG_USEC</c>, <c>WATCHDOG_PID</c> and
    /// <c>FDSTORE</c>. The variables are removed, so that no child speaks in the service's name: a second call gets a notifier that does
    /// nothing.
    /// </summary>
    /// <remarks>Call it at the beginning of the program, before other threads read the environment in C code
    /// (<c>unsetenv(3)</c>).</remarks>
    /// <returns>The notifier; one that does nothing if there is no socket (<see cref="IsAvailable"/>).</returns>
    /// <exception cref="EventManagerException">
    /// A variable cannot be used (<see cref="EventManagerError.InvalidEnvironment"/>), or the kernel refused a socket. The environment is
    /// as it was.
    /// </exception>
    public static ServiceNotifier FromEnvironment()
    {
        string? address = StarterVariables.Read(StarterVariables.NotifySocket);
        TimeSpan? period = StarterVariables.ReadWatchdogPeriod();
        int capacity = StarterVariables.ReadStoreCapacity();
        ServiceNotifier notifier;
        try
        {
            notifier = new ServiceNotifier(address, period, capacity);
        }
        catch (ArgumentException exception)
        {
            throw StarterVariables.Invalid(StarterVariables.NotifySocket, address!, exception.InnerException!.Message);
        }

        StarterVariables.Clear(StarterVariables.OfNotifier);
        return notifier;
    }

    /// <summary>The service is ready, or has reloaded (<c>READY=1</c>).</summary>
    /// <param name="status">A status that goes with it, at once; null for none. It is treated as by <see cref="Status"/>.</param>
    public void Ready(string? status = null) => Send("READY=1", status);

    /// <summary>
    /// The service begins to reload its configuration (<c>RELOADING=1</c>, with the time in <c>MONOTONIC_USEC</c>). It is to be followed by
    /// <see cref="Ready"/>, also if the reload fails: <c>systemctl reload</c> waits for that (<c>Type=notify-reload</c>).
    /// </summary>
    /// <param name="status">A status that goes with it, at once; null for none.</param>
    public void Reloading(string? status = null) =>
        Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={MonotonicClock.NowNanoseconds / 1000}"), status);

    /// <summary>The service begins to stop (<c>STOPPING=1</c>).</summary>
    /// <param name="status">A status that goes with it, at once; null for none.</param>
    public void Stopping(string? status = null) => Send("STOPPING=1", status);

    /// <summary>
    /// What the service is doing, for <c>systemctl status</c> (<c>STATUS=</c>). At most one is sent in a second, and only a changed one;
    /// the newest wins.
    /// </summary>
    /// <param name="text">One line. Line breaks and other control characters become spaces; what exceeds
    /// <see cref="MaxStatusBytes"/> is cut.</param>
    public void Status(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _channel?.SetStatus(StatusLine.LineOf(text));
    }

    /// <summary>
    /// The service makes progress in starting, reloading or stopping, and needs more time (<c>EXTEND_TIMEOUT_USEC=</c>). To be repeated
    /// within that time. It counts only past the limit that the service manager has set.
    /// </summary>
    /// <param name="time">How long from now, more than zero.</param>
    public void ExtendTimeout(TimeSpan time)
    {
        RequirePositive(time, nameof(time));
        SendMicroseconds("EXTEND_TIMEOUT_USEC", time);
    }

    /// <summary>Why the service fails: an error number of the kernel's (<c>ERRNO=</c>). For a start that fails.</summary>
    /// <param name="errno">The number (<c>errno(3)</c>), 1 or more.</param>
    public void Errno(int errno)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(errno, 1);
        SendNumber("ERRNO", errno);
    }

    /// <summary>The exit status of the service that this program acts for (<c>EXIT_STATUS=</c>).</summary>
    /// <param name="status">0 to 255.</param>
    public void ExitStatus(int status)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(status);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, byte.MaxValue);
        SendNumber("EXIT_STATUS", status);
    }

    /// <summary>
    /// Another process is the service's main process from now on (<c>MAINPID=</c>), for a hand-over. The service manager must allow it
    /// (<c>NotifyAccess=</c>).
    /// </summary>
    /// <param name="processId">Its id, 1 or more.</param>
    /// <param name="pidFd">Its descriptor, so that the id cannot name another process by then (<c>MAINPIDFD=1</c>, systemd 257; ignored
    /// by earlier ones, and not sent by <c>vsock</c>); <c>default</c> for none.</param>
    /// <exception cref="EventManagerException">The descriptor is not open, or cannot be duplicated (<c>EMFILE</c>). Nothing was
    /// sent.</exception>
    public void MainProcess(int processId, FileDescriptor pidFd = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(processId, 1);
        string text = string.Create(CultureInfo.InvariantCulture, $"MAINPID={processId}");
        if (_channel is { TakesDescriptors: true } && pidFd.Number >= 0)
        {
            SendDescriptors($"{text}\nMAINPIDFD=1", [pidFd]);
        }
        else
        {
            Send(text, status: null);
        }
    }

    /// <summary>
    /// Sends assignments that have no method of their own, such as <c>NOTIFYACCESS=all</c>, <c>RESTART_RESET=1</c> or <c>X_MINE=1</c>, in
    /// one message.
    /// </summary>
    /// <param name="assignments">Each one <c>NAME=value</c>, without line breaks.</param>
    /// <exception cref="ArgumentException">One is no assignment, needs descriptors (<c>FDSTORE</c>, <c>BARRIER</c>, <c>MAINPIDFD</c>), or
    /// the message exceeds <see cref="MaxMessageBytes"/>.</exception>
    public void Send(params ReadOnlySpan<string> assignments)
    {
        foreach (string assignment in assignments)
        {
            RequireAssignment(assignment);
        }

        string text = string.Join('\n', assignments);
        if (NotifyMessage.Encode(text).Length is 0 or > MaxMessageBytes)
        {
            throw new ArgumentException($"A message has 1 to {MaxMessageBytes} bytes.", nameof(assignments));
        }

        Send(text, status: null);
    }

    /// <summary>
    /// Gives descriptors to the service manager, which passes them to the service's next process (<c>FDSTORE=1</c>;
    /// <see cref="InheritedDescriptors"/>). The program's own stay open.
    /// </summary>
    /// <param name="name">
    /// Their name then: 1 to 255 ASCII characters without control characters and colons.
    /// </param>
    /// <param name="descriptors">1 to <see cref="MaxDescriptors"/>.</param>
    /// <returns>Whether the service manager keeps descriptors (<see cref="StoreCapacity"/>); if not, nothing was sent.</returns>
    /// <exception cref="ArgumentException">The name or the number of descriptors is out of range.</exception>
    /// <exception cref="EventManagerException">A descriptor is not open, or cannot be duplicated (<c>EMFILE</c>). Nothing was
    /// sent.</exception>
    public bool StoreDescriptors(string name, params ReadOnlySpan<FileDescriptor> descriptors) =>
        Store(name, "", descriptors);

    /// <summary>
    /// As <see cref="StoreDescriptors"/>, for descriptors that the service manager is to keep although they report an error or a hang-up
    /// (<c>FDPOLL=0</c>). Otherwise it drops them then.
    /// </summary>
    /// <inheritdoc cref="StoreDescriptors"/>
    public bool StoreDescriptorsUntilRemoved(string name, params ReadOnlySpan<FileDescriptor> descriptors) =>
        Store(name, "\nFDPOLL=0", descriptors);

    /// <summary>Makes the service manager close the descriptors that it keeps under a name (<c>FDSTOREREMOVE=1</c>).</summary>
    /// <param name="name">Their name.</param>
    /// <returns>Whether the service manager keeps descriptors; if not, nothing was sent.</returns>
    /// <exception cref="ArgumentException">The name is out of range.</exception>
    public bool RemoveStoredDescriptors(string name)
    {
        RequireName(name);
        if (StoreCapacity == 0)
        {
            return false;
        }

        Send($"FDSTOREREMOVE=1\nFDNAME={name}", status: null);
        return true;
    }

    /// <summary>
    /// Waits until the service manager has handled everything that was sent before (<c>BARRIER=1</c>), for instance before the program
    /// ends, or closes what it has told of. The loop goes on meanwhile.
    /// </summary>
    /// <param name="manager">Waits. On its loop, or between two runs by any one thread.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellationToken">Ends the wait. Any thread may cancel it.</param>
    /// <returns>
    /// True: it has. False: there is no service manager (<see cref="IsAvailable"/>), the socket takes no descriptors (<c>vsock</c>), or the
    /// message was lost (<see cref="Failed"/>).
    /// </returns>
    /// <exception cref="TimeoutException">The time is over.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The manager was disposed.</exception>
    /// <exception cref="EventManagerException">The call is not from the manager's thread, or the kernel refused.</exception>
    public Task<bool> WaitForBarrierAsync(EventManager manager, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(manager);
        return _channel is { TakesDescriptors: true }
            ? NotifyBarrier.WaitAsync(_channel, manager, timeout, cancellationToken)
            : Task.FromResult(false);
    }

    /// <summary>
    /// A sign of life (<c>WATCHDOG=1</c>), for programs that decide by themselves whether they are alive. Usually managers send it
    /// (<see cref="WatchdogOptions.Notifier"/>). One that finds the socket full is lost.
    /// </summary>
    public void Beat() => _channel?.SendNow(NotifyMessage.Beat);

    /// <summary>
    /// The service has failed beyond repair: the service manager is to treat it as one whose time for a sign of life is over
    /// (<c>WATCHDOG=trigger</c>, systemd 243). It ends the service by SIGABRT, and restarts it if so configured.
    /// </summary>
    public void TriggerWatchdog() => _channel?.SendPastOthers(NotifyMessage.Trigger);

    /// <summary>Changes the time that the service manager waits for a sign of life (<c>WATCHDOG_USEC=</c>).</summary>
    /// <param name="period">The time, more than zero.</param>
    public void ChangeWatchdogPeriod(TimeSpan period)
    {
        RequirePositive(period, nameof(period));
        if (_channel is not null)
        {
            WatchdogPeriod = period;
            SendMicroseconds("WATCHDOG_USEC", period);
            _channel.SetBeat(HalfOf(period));
        }
    }

    /// <summary>
    /// Tries once more to send what has found the socket full, and closes the socket. What is lost is reported. Later calls do nothing.
    /// </summary>
    public void Dispose() => _channel?.Dispose();

    private bool Store(string name, string further, ReadOnlySpan<FileDescriptor> descriptors)
    {
        RequireName(name);
        if (descriptors.Length is 0 or > MaxDescriptors)
        {
            throw new ArgumentException($"One message has 1 to {MaxDescriptors} descriptors.", nameof(descriptors));
        }

        if (StoreCapacity == 0)
        {
            return false;
        }

        SendDescriptors($"FDSTORE=1\nFDNAME={name}{further}", descriptors);
        return true;
    }

    private static long HalfOf(TimeSpan period) => Math.Max(Nanoseconds.Of(period) / 2, 1);

    private static void RequirePositive(TimeSpan time, string parameter)
    {
        if (time < TimeSpan.FromMicroseconds(1))
        {
            throw new ArgumentOutOfRangeException(parameter, time, "The time is a microsecond or more.");
        }
    }

    private static void RequireName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Length > MaxNameLength || name.AsSpan().ContainsAnyExceptInRange(' ', '~') || name.Contains(':', StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The name {name} of a descriptor must have 1 to {MaxNameLength} ASCII characters without control characters and colons.",
                nameof(name));
        }
    }

    private static void RequireAssignment(string assignment)
    {
        int end = assignment?.IndexOf('=', StringComparison.Ordinal) ?? -1;
        if (end <= 0 || assignment.AsSpan().ContainsAny('\n', '\0'))
        {
            throw new ArgumentException($"\"{assignment}\" is no assignment NAME=value of one line.", nameof(assignment));
        }

        if (assignment![..end] is "BARRIER" or "FDSTORE" or "MAINPIDFD")
        {
            throw new ArgumentException($"{assignment} goes with descriptors: there is a method for it.", nameof(assignment));
        }
    }

    private void SendMicroseconds(string name, TimeSpan time) =>
        Send(string.Create(CultureInfo.InvariantCulture, $"{name}={(long)Math.Ceiling(time.TotalMicroseconds)}"), status: null);

    private void SendNumber(string name, int value) => Send(string.Create(CultureInfo.InvariantCulture, $"{name}={value}"), status: null);

    private void Send(string text, string? status)
    {
        if (_channel is not null)
        {
            string? line = status is null ? null : StatusLine.LineOf(status);
            _channel.Send(new NotifyMessage(NotifyMessage.Encode(line is null ? text : $"{text}\nSTATUS={line}"), line));
        }
    }

    private void SendDescriptors(string text, ReadOnlySpan<FileDescriptor> descriptors)
    {
        FdHandle[] copies = NotifyMessage.Duplicate(descriptors);
        _channel!.Send(new NotifyMessage(NotifyMessage.Encode(text), status: null, copies));
    }

    private void OnFailed(NotifyFailure failure) => Observers.Notify(Failed, this, failure);
}
