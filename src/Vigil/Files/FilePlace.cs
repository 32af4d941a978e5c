using Vigil.Interop;

namespace Vigil;

/// <summary>
/// What is watched for a path: a directory, or one name in a directory. The kernel can watch names in a directory: a file that is replaced,
/// or does not exist yet, is one.
/// </summary>
/// <param name="Directory">The full path of the directory.</param>
/// <param name="OnlyName">The name; null for the whole directory.</param>
internal readonly record struct FilePlace(string Directory, string? OnlyName)
{
    /// <exception cref="EventManagerException">It cannot be watched.</exception>
    public static FilePlace Of(FileKernel kernel, string path, FileEventOptions options)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (kernel.IsDirectory(full, follows: true, out int errno))
        {
            return new FilePlace(full, null);
        }

        if (errno is not (Errno.Success or Errno.ENOENT)
            && !options.Recursive
            && !kernel.IsDirectory(full, follows: false, out int ownErrno)
            && ownErrno == Errno.Success)
        {
            // A link that leads nowhere: to itself, over a file, too far, or where access is denied. The link itself is watched.
            errno = Errno.Success;
        }

        if (errno is not (Errno.Success or Errno.ENOENT) || (options.Recursive && errno != Errno.Success))
        {
            throw FileErrors.OfDirectory(kernel, full, errno);
        }

        if (options.Recursive)
        {
            throw FileErrors.OfDirectory(kernel, full, Errno.ENOTDIR);
        }

        return new FilePlace(Path.GetDirectoryName(full)!, Path.GetFileName(full));
    }
}
