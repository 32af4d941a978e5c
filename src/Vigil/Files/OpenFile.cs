using Microsoft.Win32.SafeHandles;

namespace Vigil;

/// <summary>An open file or directory of a <see cref="FileKernel"/>, which can be watched.</summary>
internal abstract class OpenFile : SafeHandleMinusOneIsInvalid
{
    /// <param name="value">The kernel's handle of it, never −1.</param>
    protected OpenFile(nint value)
        : base(ownsHandle: true)
    {
        SetHandle(value);
    }
}
