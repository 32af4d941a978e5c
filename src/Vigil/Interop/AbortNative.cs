using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>abort(3)</c>: ends the process by SIGABRT, for which the runtime writes a dump if configured.</summary>
internal static partial class AbortNative
{
    public static void Abort() => abort();

    [LibraryImport("libc")]
    private static partial void abort();
}
