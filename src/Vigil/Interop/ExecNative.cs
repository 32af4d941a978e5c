using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>execve(2)</c>: the process continues as another program, with the calling thread's signal mask.</summary>
internal static unsafe partial class ExecNative
{
    /// <summary>Replaces the program. Returns only on failure, with an errno. The environment is the C library's.</summary>
    public static int Exec(string path, IReadOnlyList<byte[]> arguments)
    {
        nint* pointers = stackalloc nint[arguments.Count + 1];
        for (int i = 0; i < arguments.Count; i++)
        {
            // Not freed: on success the address space ends, and after a failure there is little point in going on.
            nint copy = Marshal.AllocHGlobal(arguments[i].Length + 1);
            Marshal.Copy(arguments[i], 0, copy, arguments[i].Length);
            ((byte*)copy)[arguments[i].Length] = 0;
            pointers[i] = copy;
        }

        pointers[arguments.Count] = 0;
        execv(path, pointers);
        return Marshal.GetLastPInvokeError();
    }

    /// <summary>Sets a variable of the C library's environment, of which the runtime's is a copy. Returns an errno.</summary>
    public static int SetEnvironment(string name, string value) =>
        setenv(name, value, 1) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;

    /// <summary>Removes a variable from the C library's environment.</summary>
    public static void ClearEnvironment(string name) => _ = unsetenv(name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execv(string path, nint* arguments);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unsetenv(string name);
}
