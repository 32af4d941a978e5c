namespace Vigil.Internals.Tests.Polling;

/// <summary>The calls that a script can make fail.</summary>
internal enum PollerCall
{
    Add,
    Modify,
    Remove,
    BeginRebuild,
    Transfer,
}

/// <summary>A file of a <see cref="ScriptedPoller"/>; several numbers may refer to one.</summary>
internal sealed class ScriptedFile(bool isPollable)
{
    public bool IsPollable { get; } = isPollable;

    public EventSet Ready { get; private set; }

    public int Changes { get; private set; } = 1;

    public void Change(EventSet ready)
    {
        Ready = ready;
        Changes++;
    }
}

/// <summary>A registration with a <see cref="ScriptedPoller"/>, and what was reported for it.</summary>
internal sealed class ScriptedRegistration
{
    private int _changesReported;
    private bool _isSilent;

    public ScriptedRegistration(ScriptedFile file, int number, SourceToken token, EventSet interest)
    {
        File = file;
        Number = number;
        Arm(token, interest);
    }

    public ScriptedFile File { get; }

    public int Number { get; }

    public SourceToken Token { get; private set; }

    public EventSet Interest { get; private set; }

    public EventSet Reportable
    {
        get
        {
            bool isOldNews = (Interest & EventSet.EdgeTriggered) != EventSet.None && _changesReported == File.Changes;
            return _isSilent || isOldNews ? EventSet.None : File.Ready & (Interest | EventSet.Error | EventSet.HangUp);
        }
    }

    public void Arm(SourceToken token, EventSet interest)
    {
        Token = token;
        Interest = interest;
        _changesReported = 0;
        _isSilent = false;
    }

    public void NoteReported()
    {
        _changesReported = File.Changes;
        _isSilent = (Interest & EventSet.OneShot) != EventSet.None;
    }
}
