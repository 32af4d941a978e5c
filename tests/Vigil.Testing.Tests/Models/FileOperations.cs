using Vigil.IO;

namespace Vigil.Testing.Tests.Models;

/// <summary>What programs do to their files, and what that must give.</summary>
internal sealed class FileOperations
{
    private const int EPIPE = 32;
    private const int EAGAIN = 11;

    private readonly Machine _machine;
    private readonly ManagerModel _model;
    private readonly Action<string> _fail;
    private readonly ModelHandle[] _ends = new ModelHandle[Bounds.Ends];
    private readonly ModelHandle?[] _duplicates = new ModelHandle?[Bounds.Ends];

    public FileOperations(Machine machine, ManagerModel model, Action<string> fail)
    {
        _machine = machine;
        _model = model;
        _fail = fail;
        for (int pair = 0; pair < Bounds.Pairs; pair++)
        {
            Open(pair);
        }
    }

    /// <summary>The handle of an end, which may be closed.</summary>
    public ModelHandle this[int end] => _ends[end];

    /// <summary>Performs an operation on files; false if it is none.</summary>
    public bool TryPerform(Operation operation)
    {
        switch (operation)
        {
            case OpenPair(int pair):
                if (_ends[2 * pair].IsClosed && _ends[(2 * pair) + 1].IsClosed)
                {
                    Open(pair);
                }

                return true;
            case Close(int end):
                CloseHandle(_ends[end]);
                return true;
            case Duplicate(int end):
                if (!_ends[end].IsClosed && _duplicates[end] is null or { IsClosed: true })
                {
                    _duplicates[end] = Opened(_machine.Duplicate(_ends[end].Real), _ends[end].File);
                }

                return true;
            case CloseDuplicate(int end):
                CloseHandle(_duplicates[end]);
                return true;
            case Read(int end, int count):
                ReadFrom(_ends[end], count);
                return true;
            case Write(int end, int count):
                WriteTo(_ends[end], count, fills: false);
                return true;
            case Fill(int end):
                WriteTo(_ends[end], 4096, fills: true);
                return true;
            case ShutdownWrite(int end):
                if (_ends[end] is { IsClosed: false, File.Kind: ModelFileKind.Socket, File.HasShutDown: false })
                {
                    NonBlocking.TryShutdownWrite(_ends[end].Real);
                    _ends[end].File.NoteShutDown();
                }

                return true;
            default:
                return false;
        }
    }

    public void CloseAll()
    {
        foreach (ModelHandle? handle in _ends.Concat(_duplicates))
        {
            CloseHandle(handle);
        }
    }

    private void Open(int pair)
    {
        bool isSocket = pair == Bounds.SocketPair;
        (ModelFile first, ModelFile second) = ModelFile.CreatePair(isSocket);
        (FdHandle one, FdHandle other) = _machine.CreatePair(isSocket);
        _ends[2 * pair] = Opened(one, first);
        _ends[(2 * pair) + 1] = Opened(other, second);
    }

    private ModelHandle Opened(FdHandle real, ModelFile file)
    {
        ModelHandle handle = new(file, real);
        _model.NoteOpened(handle);
        return handle;
    }

    private void CloseHandle(ModelHandle? handle)
    {
        if (handle is null or { IsClosed: true })
        {
            return;
        }

        if (handle.File.Kind == ModelFileKind.Socket && handle.File.Numbers.Count == 1)
        {
            while (handle.File.Unread.Count > 0)
            {
                ReadFrom(handle, 4096);
            }
        }

        handle.Real.Dispose();
        _model.NoteClosed(handle);
    }

    private void ReadFrom(ModelHandle handle, int count)
    {
        ModelFile file = handle.File;
        if (handle.IsClosed || !file.CanRead)
        {
            return;
        }

        byte[] buffer = new byte[count];
        IOResult result = NonBlocking.TryRead(handle.Real, buffer);
        IOResult expected = file.Unread.Count > 0 ? new IOResult(Math.Min(count, file.Unread.Count), 0)
            : file.IsAtEnd ? new IOResult(0, 0)
            : new IOResult(0, EAGAIN);
        if (result != expected)
        {
            _fail($"a read gives {result} instead of {expected}");
        }
        else if (result.Count > 0 && !file.TakeRead(result.Count).AsSpan().SequenceEqual(buffer.AsSpan(0, result.Count)))
        {
            _fail("a read gives other bytes than were written");
        }
    }

    private void WriteTo(ModelHandle handle, int count, bool fills)
    {
        ModelFile file = handle.File;
        if (handle.IsClosed || !file.CanWrite)
        {
            return;
        }

        IOResult result;
        do
        {
            bool wasFull = file.IsFull;
            bool isBroken = !file.Peer.IsOpen || file.HasShutDown;
            result = NonBlocking.TryWrite(handle.Real, file.NextBytes(count));
            if (isBroken ? result.Errno != EPIPE : (result.WouldBlock ? !(fills || wasFull) : !result.IsSuccess || result.Count == 0))
            {
                _fail($"a write of {count} bytes gives {result}");
                return;
            }

            if (!isBroken)
            {
                file.NoteWritten(result.Count, isFull: result.WouldBlock);
            }
        }
        while (fills && result.IsSuccess);
    }
}
