namespace Vigil.Timing;

/// <summary>Whoever is told when a timer is due, and keeps the number of the slot in which a <see cref="TimingWheel"/> has it.</summary>
internal interface ITimerTarget
{
    /// <summary>The wheel has put the started timer into another slot. Must not throw.</summary>
    void OnMoved(int slot);

    /// <summary>The timer is due and not the wheel's any more: the slot is <see cref="TimingWheel.NotStarted"/> from now on, and the timer may be started again.</summary>
    /// <param name="now">The reading of the clock that found it due, in nanoseconds.</param>
    /// <returns>Whether a callback ran.</returns>
    bool Fire(long now);

    /// <summary>The wheel is given up with the timer in it, and has let go of it. Must not throw.</summary>
    void OnAbandoned();
}
