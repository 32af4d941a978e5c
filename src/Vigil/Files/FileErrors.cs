using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>Translates the kernel's refusals, with advice.</summary>
internal static class FileErrors
{
    /// <summary>Whether a resource has run out that every further file needs, too.</summary>
    public static bool IsLimit(int errno) => errno is Errno.ENOSPC or Errno.ENOMEM or Errno.EMFILE or Errno.ENFILE;

    /// <summary>No inotify instance could be created.</summary>
    public static EventManagerException OfInstance(FileKernel kernel, int errno)
    {
        // A process without free descriptors gets EMFILE, too.
        if (errno != Errno.EMFILE || !kernel.HasDescriptors())
        {
            return FdHandle.Failed("inotify_init1", errno);
        }

        return new EventManagerException(
            EventManagerError.LimitReached,
            $"Files cannot be watched: this user has as many inotify instances as {Limit(kernel, "instances")}. "
                + $"Raise it, or end programs that watch files. {Errno.Describe(errno)}.",
            errno: errno);
    }

    /// <summary>A directory cannot be watched or read.</summary>
    public static EventManagerException OfDirectory(FileKernel kernel, string path, int errno) => errno switch
    {
        Errno.ENOSPC => new(
            EventManagerError.LimitReached,
            $"{path} cannot be watched: this user has as many watches, one a directory, as {Limit(kernel, "watches")}. "
                + $"Raise it, or watch fewer directories. {Errno.Describe(errno)}.",
            errno: errno),
        Errno.ENOMEM => new(EventManagerError.LimitReached, $"{path} cannot be watched: {Errno.Describe(errno)}.", errno: errno),
        Errno.EMFILE or Errno.ENFILE => new(
            EventManagerError.LimitReached,
            $"{path} cannot be read: {Errno.Describe(errno)}. Raise the limit of open files (ulimit -n, LimitNOFILE=) or close some.",
            errno: errno),
        Errno.EACCES or Errno.EPERM => new(
            EventManagerError.AccessDenied,
            $"{path} cannot be watched: {Errno.Describe(errno)}. Watching a directory requires the permission to read it.",
            errno: errno),
        Errno.ENOENT => new(
            EventManagerError.PathNotFound,
            $"{path} cannot be watched: it does not exist. "
                + $"A file that does not exist yet can be watched if its directory exists. {Errno.Describe(errno)}.",
            errno: errno),
        Errno.ENOSYS => new(
            EventManagerError.System,
            $"{path} cannot be watched: /proc is not mounted here, which the kernel needs to find what to watch. "
                + $"Mount it (proc(5)). {Errno.Describe(errno)}.",
            errno: errno),
        Errno.ENOTDIR => new(
            EventManagerError.PathNotFound,
            $"{path} cannot be watched: it is not a directory. {Errno.Describe(errno)}.",
            errno: errno),
        _ => new(EventManagerError.System, $"{path} cannot be watched: {Errno.Describe(errno)}.", errno: errno),
    };

    // A user namespace, such as a container's, may have its own limit below the system's.
    private static string Limit(FileKernel kernel, string what)
    {
        string system = $"fs/inotify/max_user_{what}";
        string own = $"user/max_inotify_{what}";
        (long ofSystem, long ofOwn) = (kernel.ReadLimit(system), kernel.ReadLimit(own));
        return ofOwn < ofSystem
            ? $"/proc/sys/{own} allows ({ofOwn})"
            : ofSystem == long.MaxValue ? $"/proc/sys/{system} allows" : $"/proc/sys/{system} allows ({ofSystem})";
    }
}
