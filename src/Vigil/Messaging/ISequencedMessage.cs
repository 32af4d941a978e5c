namespace Vigil.Messaging;

/// <summary>
/// An object that is itself a message, which a recording knows by a number: a replay takes it where it was taken, although its sender, a
/// worker, is faster or slower now.
/// </summary>
internal interface ISequencedMessage
{
    /// <summary>Its number; 0 if it has none. At most one message of a number is on its way.</summary>
    long Sequence { get; }
}
