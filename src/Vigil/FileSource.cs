using Vigil.Sources;

namespace Vigil;

/// <summary>The inotify instance among the sources.</summary>
internal sealed class FileSource : Source
{
    private readonly LoopFiles _files;

    public FileSource(FileDescriptor fd, LoopFiles files)
        : base(fd, EventSet.In, data: 0, DispatchPriority.Normal)
    {
        _files = files;
    }

    public override object Owner => this;

    public override int Deliver(EventSet ready) => _files.Deliver();

    public override string ToString() => "the manager itself";
}
