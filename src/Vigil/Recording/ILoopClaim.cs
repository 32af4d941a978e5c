namespace Vigil.Recording;

/// <summary>Says whose thread a loop is.</summary>
internal interface ILoopClaim
{
    /// <summary>Whether the calling thread has the loop's claim, or, if nobody has, ran it last or created it.</summary>
    bool IsOfThisThread { get; }
}
