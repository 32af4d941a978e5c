using Vigil.Sources;

namespace Vigil;

/// <summary>The inotify instance among the sources.</summary>
internal sealed class FileSource : Source
{
    public FileSource(FileDescriptor fd, LoopFiles files)
        : base(fd, EventSet.In, data: 0, DispatchPriority.Normal)
    {
        Files = files;
    }

    public LoopFiles Files { get; }

    public override bool IsOfVigilsOwn => true;

    public override object Owner => this;

    public override int Deliver(EventSet ready) => Files.Deliver();

    public override string ToString() => "the manager itself";
}
