namespace Vigil.Timing;

/// <summary>The target of a timer. It keeps the number of the timer's slot in the <see cref="TimingWheel"/>.</summary>
internal interface ITimerTarget
{
    /// <summary>The wheel has moved the started timer to another slot. Must not throw.</summary>
    void OnMoved(int slot);

    /// <summary>
    /// The timer is due and has left the wheel: its slot is <see cref="TimingWheel.NotStarted"/> from now on, and it may be started again.
    /// Called when it is taken from the wheel, with nothing of others in between: until then the target has a slot that is another's.
    /// </summary>
    /// <param name="now">The clock's reading in nanoseconds that found it due.</param>
    /// <returns>Whether a callback ran.</returns>
    bool Fire(long now);

    /// <summary>The wheel is abandoned and has dropped the timer. Must not throw.</summary>
    void OnAbandoned();
}
