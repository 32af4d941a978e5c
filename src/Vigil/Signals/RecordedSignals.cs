using Vigil.IO;
using Vigil.Recording;

namespace Vigil;

/// <summary>Signals whose answers are recorded, or were.</summary>
internal sealed class RecordedSignals(RecordingSession session, SignalOrigin inner) : SignalOrigin
{
    public override FdHandle Descriptor
    {
        get
        {
            FdHandle? asked = null;
            RecordedAnswer answer = session.Ask(
                RecordedQuestion.SignalDescriptor, () => new RecordedAnswer((asked = inner.Descriptor).Number));
            return asked ?? new InertHandle(answer.Number);
        }
    }

    public override SignalRoute Subscribe(Signal signal) =>
        (SignalRoute)session.Ask(RecordedQuestion.SignalSubscribe, () => new RecordedAnswer((int)inner.Subscribe(signal))).Number;

    // What was not subscribed in a replay is not unsubscribed.
    public override void Unsubscribe(Signal signal)
    {
        if (!session.IsReplay)
        {
            inner.Unsubscribe(signal);
        }
    }

    public override int Read() =>
        session.Ask(RecordedQuestion.SignalRead, () => new RecordedAnswer(Errno: inner.Read())).Errno;
}
