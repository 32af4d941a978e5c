using Vigil.Polling;

namespace Vigil.Recording;

/// <summary>Questions about descriptors whose answers are recorded, or were. The numbers of a replay name nothing here and now.</summary>
internal sealed class RecordedQueries(RecordingSession session, DescriptorQueries inner) : DescriptorQueries
{
    public override bool IsOpen(int fd) => Ask(RecordedQuestion.IsOpen, () => inner.IsOpen(fd));

    public override bool ReportsChangesOnce(int fd) => Ask(RecordedQuestion.ReportsChangesOnce, () => inner.ReportsChangesOnce(fd));

    public override EventSet ReadyNow(int fd, EventSet kinds) =>
        (EventSet)Ask(RecordedQuestion.ReadyNow, () => (int)inner.ReadyNow(fd, kinds));

    public override bool IsMessageOriented(int fd) => Ask(RecordedQuestion.IsMessageOriented, () => inner.IsMessageOriented(fd));

    public override bool IsListening(int fd) => Ask(RecordedQuestion.IsListening, () => inner.IsListening(fd));

    public override int BytesToRead(int fd) => Ask(RecordedQuestion.BytesToRead, () => inner.BytesToRead(fd));

    public override bool HasErrorOrHangUp(int fd) => Ask(RecordedQuestion.HasErrorOrHangUp, () => inner.HasErrorOrHangUp(fd));

    public override Announcements? Listen(int fd)
    {
        Announcements? announcements = null;
        return Ask(RecordedQuestion.Listen, () => (announcements = inner.Listen(fd)) is not null)
            ? new RecordedAnnouncements(this, announcements)
            : null;
    }

    private bool Ask(RecordedQuestion question, Func<bool> ask) => Ask(question, () => ask() ? 1 : 0) == 1;

    private int Ask(RecordedQuestion question, Func<int> ask) => session.Ask(question, () => new RecordedAnswer(ask())).Number;

    private sealed class RecordedAnnouncements(RecordedQueries queries, Announcements? inner) : Announcements
    {
        public override bool TryTake() => queries.Ask(RecordedQuestion.Announcement, () => inner!.TryTake());

        public override void Dispose() => inner?.Dispose();
    }
}
