namespace Vigil.Testing;

/// <summary>A descriptor that a <see cref="SimulatedPoller"/> reports, and what it has reported.</summary>
internal sealed class Registration
{
    private long _changesReported;

    public Registration(SimulatedFile file, int number, SourceToken token, EventSet interest)
    {
        File = file;
        Number = number;
        Arm(token, interest);
    }

    public SimulatedFile File { get; }

    public int Number { get; }

    public SourceToken Token { get; private set; }

    public EventSet Interest { get; private set; }

    /// <summary>Whether the poller looks at it in its next wait.</summary>
    public bool IsCandidate { get; set; }

    /// <summary>Whether it left the poller.</summary>
    public bool IsOver { get; set; }

    /// <summary>Whether it is a one-shot that was reported.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>Called when its file has changed.</summary>
    public Action<Registration>? Changed { get; set; }

    /// <summary>What a wait reports of it now.</summary>
    public EventSet Reportable
    {
        get
        {
            bool isReported = (Interest & EventSet.EdgeTriggered) != EventSet.None && _changesReported == File.Changes;
            return IsSilent || isReported ? EventSet.None : File.Ready & (Interest | EventSet.Error | EventSet.HangUp);
        }
    }

    public void Arm(SourceToken token, EventSet interest)
    {
        Token = token;
        Interest = interest;
        _changesReported = 0;
        IsSilent = false;
    }

    public void OnFileChanged(SimulatedFile file) => Changed?.Invoke(this);

    /// <summary>It was reported. A one-shot is silent until it is armed again.</summary>
    public void OnReported()
    {
        _changesReported = File.Changes;
        IsSilent = (Interest & EventSet.OneShot) != EventSet.None;
    }
}
