namespace Vigil.Collections;

/// <summary>
/// Objects by file descriptor number. The kernel allocates the lowest free number, so numbers are small and dense: an array of
/// pages, allocated when touched, beats hashing in time and space, and one large number costs a page instead of an array up to it.
/// </summary>
internal sealed class DescriptorMap<T>
    where T : class
{
    private const int PageBits = 8;
    private const int PageSize = 1 << PageBits;

    private T?[]?[] _pages = [];

    public T? this[int fd]
    {
        get
        {
            int page = fd >> PageBits;
            return (uint)page < (uint)_pages.Length ? _pages[page]?[fd & (PageSize - 1)] : null;
        }

        set
        {
            int page = fd >> PageBits;
            if (page >= _pages.Length)
            {
                Array.Resize(ref _pages, Math.Max(page + 1, _pages.Length * 2));
            }

            (_pages[page] ??= new T?[PageSize])[fd & (PageSize - 1)] = value;
        }
    }
}
