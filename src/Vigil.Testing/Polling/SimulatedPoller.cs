using Vigil.Polling;

namespace Vigil.Testing;

/// <summary>
/// A poller without a kernel, over the simulated files of a <see cref="DescriptorTable"/>. It keeps the contract of <see cref="IPoller"/>.
/// A wait that finds nothing asks whoever runs the simulation, who lets something happen or ends the wait.
/// </summary>
/// <remarks>
/// A wait looks at those registrations only whose file has changed or was ready at the last look: an idle one costs nothing. The
/// kernel's own descriptors may be registered, too; they are looked at when nothing else is ready.
/// </remarks>
internal class SimulatedPoller : IPoller
{
    private const EventSet GoesWithExclusive = EventSet.In | EventSet.Out | EventSet.Error | EventSet.HangUp
        | EventSet.EdgeTriggered | EventSet.WakeUp | EventSet.Exclusive;

    private readonly DescriptorTable _descriptors;
    private readonly Func<Deadline, bool> _onIdle;
    private readonly Func<int, int>? _choose;
    private readonly PollerScript? _script;

    // In the order in which they have their turn: what is reported goes to the end, so that a small buffer starves nobody.
    private readonly OrderedDictionary<int, RealRegistration> _real = [];
    private readonly List<int> _reportedReal = [];
    private Dictionary<(SimulatedFile File, int Number), Registration> _registrations = [];
    private Dictionary<(SimulatedFile File, int Number), Registration>? _successor;
    private readonly List<Registration> _reported = [];
    private List<Registration> _candidates = [];
    private List<Registration> _kept = [];
    private int? _waker;
    private int _realCount;

    /// <param name="descriptors">The files.</param>
    /// <param name="onIdle">Called when nothing is ready. Returns whether the wait looks again; otherwise it ends with nothing.</param>
    /// <param name="choose">Picks a number below its argument, for the order of what is ready; null for the order of arrival.</param>
    /// <param name="script">What a test dictates; null for nothing.</param>
    public SimulatedPoller(
        DescriptorTable descriptors, Func<Deadline, bool> onIdle, Func<int, int>? choose = null, PollerScript? script = null)
    {
        _script = script;
        if (script is not null)
        {
            script.TokenOf = number => RegistrationOf(number)?.Token;
        }

        _descriptors = descriptors;
        _onIdle = onIdle;
        _choose = choose;
    }

    /// <summary>Whether the last wait has ended without anything that is ready.</summary>
    public bool FoundNothing { get; private set; }

    /// <summary>Called with the number of what a wait reports.</summary>
    public Action<int, EventSet>? Reported { get; set; }

    /// <summary>
    /// Called with what a wait reports of the kernel's descriptors: how many were registered before, since their numbers do not repeat.
    /// </summary>
    public Action<int, EventSet>? RealReported { get; set; }

    /// <summary>Asked before each wait whether it reports a descriptor that is not ready.</summary>
    public Func<bool>? IsSpurious { get; set; }

    /// <summary>What is registered, for messages; the loop's own waker left out.</summary>
    public IEnumerable<string> Descriptions => _registrations.Values
        .Select(registration => $"{registration.File.Description} for {registration.Interest}")
        .Concat(_real.Where(entry => entry.Key != _waker).Select(entry => $"the kernel's fd {entry.Key} for {entry.Value.Interest}"));

    public bool SharesThread => true;

    public IBlockingWait? BlockingWait { get; init; }

    public int Add(int fd, SourceToken token, EventSet interest)
    {
        if (IsToFail(PollerCall.Add, out int failure))
        {
            return failure;
        }

        if (fd < DescriptorTable.FirstNumber)
        {
            return AddReal(fd, token, interest);
        }

        return Refusal(fd, out SimulatedFile? file) is var errno and not 0 ? errno : AddTo(_registrations, file!, fd, token, interest);
    }

    public int Modify(int fd, SourceToken token, EventSet interest)
    {
        if (IsToFail(PollerCall.Modify, out int failure))
        {
            return failure;
        }

        if (fd < DescriptorTable.FirstNumber)
        {
            if (!_real.TryGetValue(fd, out RealRegistration? real))
            {
                return SimulatedErrno.ENOENT;
            }

            _real[fd] = new RealRegistration(token, interest, real.Ordinal);
            return 0;
        }

        int errno = Refusal(fd, out SimulatedFile? file);
        if (errno != 0)
        {
            return errno;
        }

        if (!_registrations.TryGetValue((file!, fd), out Registration? registration))
        {
            return SimulatedErrno.ENOENT;
        }

        if (((registration.Interest | interest) & EventSet.Exclusive) != EventSet.None)
        {
            return SimulatedErrno.EINVAL;
        }

        registration.Arm(token, interest);
        Consider(registration);
        return 0;
    }

    public int Remove(int fd)
    {
        if (IsToFail(PollerCall.Remove, out int failure))
        {
            return failure;
        }

        if (fd < DescriptorTable.FirstNumber)
        {
            return _real.Remove(fd) ? 0 : SimulatedErrno.ENOENT;
        }

        int errno = Refusal(fd, out SimulatedFile? file);
        if (errno != 0)
        {
            return errno;
        }

        if (!_registrations.Remove((file!, fd), out Registration? registration))
        {
            return SimulatedErrno.ENOENT;
        }

        End(registration);
        return 0;
    }

    public int Wait(Deadline deadline, ReadyBuffer ready)
    {
        ready.Clear();
        if (IsToFail(PollerCall.Wait, out int failure))
        {
            return failure;
        }

        do
        {
            Collect(ready);
        }
        while (ready.Count == 0 && !deadline.IsImmediate && _onIdle(deadline));
        FoundNothing = ready.Count == 0;
        return 0;
    }

    /// <summary>Whether one of the kernel's descriptors is ready, the loop's own waker left out.</summary>
    public bool IsRealReady() => _real.Any(
        entry => entry.Key != _waker && entry.Value.Poll(entry.Key) != EventSet.None);

    /// <summary>Whether the loop's own waker was used since the last call.</summary>
    public bool TryTakeWakeUp() => _waker is { } waker && RealDescriptors.TryTake(waker);

    public int BeginRebuild()
    {
        if (IsToFail(PollerCall.BeginRebuild, out int failure))
        {
            return failure;
        }

        _successor = [];
        return 0;
    }

    public int Transfer(int fd, SourceToken token, EventSet? interest)
    {
        if (IsToFail(PollerCall.Transfer, out int failure))
        {
            return failure;
        }

        if (fd < DescriptorTable.FirstNumber)
        {
            // There is no instance to move them to. One without an interest is a one-shot that was reported, and silent already.
            return _real.ContainsKey(fd) ? 0 : SimulatedErrno.ENOENT;
        }

        if (!_descriptors.TryFind(fd, out SimulatedFile? file) || !_registrations.ContainsKey((file, fd)))
        {
            return SimulatedErrno.ENOENT;
        }

        return interest is { } wanted ? AddTo(_successor!, file, fd, token, wanted) : 0;
    }

    public void EndRebuild()
    {
        foreach (Registration old in _registrations.Values)
        {
            End(old);
        }

        _registrations = _successor!;
        _successor = null;
    }

    public void AbandonRebuild()
    {
        foreach (Registration registration in _successor!.Values)
        {
            End(registration);
        }

        _successor = null;
    }

    public void Dispose()
    {
        foreach (Registration registration in _registrations.Values)
        {
            End(registration);
        }

        _registrations.Clear();
        _real.Clear();
    }

    private int AddTo(
        Dictionary<(SimulatedFile File, int Number), Registration> registrations,
        SimulatedFile file,
        int fd,
        SourceToken token,
        EventSet interest)
    {
        if (registrations.ContainsKey((file, fd)))
        {
            return SimulatedErrno.EEXIST;
        }

        if ((interest & EventSet.Exclusive) != EventSet.None && (interest & ~GoesWithExclusive) != EventSet.None)
        {
            return SimulatedErrno.EINVAL;
        }

        Registration registration = new(file, fd, token, interest);
        registrations.Add((file, fd), registration);
        file.Changed += registration.OnFileChanged;
        registration.Changed = Consider;
        Consider(registration);
        return 0;
    }

    private int AddReal(int fd, SourceToken token, EventSet interest)
    {
        if (!RealDescriptors.IsOpen(fd))
        {
            return SimulatedErrno.EBADF;
        }

        // A loop's first descriptor is its waker. Whoever wakes it is another thread, and what that has sent is found without it.
        _waker ??= fd;
        return _real.TryAdd(fd, new RealRegistration(token, interest, _realCount++)) ? 0 : SimulatedErrno.EEXIST;
    }

    private int Refusal(int fd, out SimulatedFile? file) => !_descriptors.TryFind(fd, out file) ? SimulatedErrno.EBADF
        : file.IsPollable ? 0
        : SimulatedErrno.EPERM;

    private void Consider(Registration registration)
    {
        if (registration.File.Numbers == 0)
        {
            End(registration);
            _registrations.Remove((registration.File, registration.Number));
        }
        else if (!registration.IsCandidate)
        {
            registration.IsCandidate = true;
            _candidates.Add(registration);
        }
    }

    // Its entry among the candidates is dropped when it is looked at.
    private static void End(Registration registration)
    {
        registration.IsOver = true;
        registration.File.Changed -= registration.OnFileChanged;
    }

    private bool IsToFail(PollerCall call, out int errno)
    {
        errno = _script?.OnCall(call) ?? 0;
        return errno != 0;
    }

    private Registration? RegistrationOf(int number) =>
        _descriptors.TryFind(number, out SimulatedFile? file) ? _registrations.GetValueOrDefault((file, number)) : null;

    private void Collect(ReadyBuffer ready)
    {
        // A wait reports a registration once: what else is ready comes with the next one.
        if (_script is { HasReports: true })
        {
            _script.MoveReports(ready, OnScripted);
            if (ready.Count > 0)
            {
                return;
            }
        }

        if (_candidates.Count > 0)
        {
            CollectCandidates(ready);
        }

        if (ready.Count == 0 && _real.Count > 1)
        {
            CollectReal(ready);
        }

        if (ready.Count == 0 && _registrations.Count > 0 && IsSpurious is { } isSpurious && isSpurious())
        {
            Registration victim = _registrations.Values.ElementAt(_choose!(_registrations.Count));
            EventSet events = victim.Interest & (EventSet.In | EventSet.Out);
            if (victim.Reportable == EventSet.None && !victim.IsSilent && events != EventSet.None && ready.TryAdd(victim.Token, events))
            {
                victim.OnReported();
                Reported?.Invoke(victim.Number, events);
            }
        }
    }

    private void OnScripted(int number, EventSet events)
    {
        RegistrationOf(number)!.OnReported();
        Reported?.Invoke(number, events);
    }

    // What is reported and stays ready goes to the end, so that a small buffer starves nobody.
    private void CollectCandidates(ReadyBuffer ready)
    {
        Shuffle(_candidates);
        bool isFull = false;
        foreach (Registration registration in _candidates)
        {
            EventSet events = registration.IsOver ? EventSet.None : registration.Reportable;
            if (events == EventSet.None)
            {
                registration.IsCandidate = false;
                continue;
            }

            isFull = isFull || !ready.TryAdd(registration.Token, events);
            if (isFull)
            {
                _kept.Add(registration);
                continue;
            }

            registration.OnReported();
            Reported?.Invoke(registration.Number, events);
            _reported.Add(registration);
        }

        _kept.AddRange(_reported);
        _reported.Clear();
        _candidates.Clear();
        (_candidates, _kept) = (_kept, _candidates);
    }

    private void CollectReal(ReadyBuffer ready)
    {
        foreach ((int fd, RealRegistration registration) in _real)
        {
            EventSet events = fd == _waker ? EventSet.None : registration.Poll(fd);
            if (events != EventSet.None && ready.TryAdd(registration.Token, events))
            {
                registration.OnReported();
                RealReported?.Invoke(registration.Ordinal, events);
                _reportedReal.Add(fd);
            }
        }

        foreach (int fd in _reportedReal)
        {
            _real.Remove(fd, out RealRegistration? registration);
            _real.Add(fd, registration!);
        }

        _reportedReal.Clear();
    }

    private void Shuffle(List<Registration> registrations)
    {
        if (_choose is null)
        {
            return;
        }

        for (int i = registrations.Count - 1; i > 0; i--)
        {
            int other = _choose(i + 1);
            (registrations[i], registrations[other]) = (registrations[other], registrations[i]);
        }
    }

    /// <summary>One of the kernel's descriptors.</summary>
    private sealed class RealRegistration(SourceToken token, EventSet interest, int ordinal)
    {
        // A one-shot that was reported is silent until it is modified.
        private bool _isSilent;

        public SourceToken Token => token;

        public EventSet Interest => interest;

        /// <summary>How many were registered before it.</summary>
        public int Ordinal => ordinal;

        public EventSet Poll(int fd) => _isSilent ? EventSet.None : RealDescriptors.Poll(fd, interest);

        public void OnReported() => _isSilent = (interest & EventSet.OneShot) != EventSet.None;
    }
}
