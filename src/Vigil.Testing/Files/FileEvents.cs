namespace Vigil.Testing;

/// <summary>Bits of <c>inotify(7)</c>.</summary>
internal static class FileEvents
{
    public const uint Modify = 0x2;
    public const uint Attributes = 0x4;
    public const uint CloseWrite = 0x8;
    public const uint MovedFrom = 0x40;
    public const uint MovedTo = 0x80;
    public const uint Create = 0x100;
    public const uint Delete = 0x200;
    public const uint DeleteSelf = 0x400;
    public const uint MoveSelf = 0x800;
    public const uint Overflow = 0x4000;
    public const uint Ignored = 0x8000;
    public const uint OnlyDirectory = 0x100_0000;
    public const uint AddToMask = 0x2000_0000;
    public const uint IsDirectory = 0x4000_0000;

    /// <summary>What a mask can ask for.</summary>
    public const uint All = 0xFFF;
}
