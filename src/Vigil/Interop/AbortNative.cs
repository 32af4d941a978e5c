using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>abort(3)</c>: ends the process by SIGABRT, which the runtime turns into a dump where it is asked for one.</summary>
internal static partial class AbortNative
{
    public static void Abort() => abort();

    [LibraryImport("libc")]
    private static partial void abort();
}
