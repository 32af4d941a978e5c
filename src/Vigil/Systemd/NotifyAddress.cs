using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Vigil.Interop;

namespace Vigil;

/// <summary>The address of the service manager's socket, as in <c>NOTIFY_SOCKET</c> (<c>sd_notify(3)</c>).</summary>
internal sealed class NotifyAddress
{
    private const string VirtualSocket = "vsock";

    /// <param name="text">As users write it.</param>
    /// <param name="family">The kernel's family of addresses.</param>
    /// <param name="bytes">The kernel's form.</param>
    /// <param name="types">The kernel's types of sockets to try.</param>
    public NotifyAddress(string text, int family, byte[] bytes, params ReadOnlySpan<int> types)
    {
        Text = text;
        Family = family;
        Bytes = bytes;
        Types = types.ToArray();
    }

    public string Text { get; }

    public int Family { get; }

    /// <summary>The kernel's form (<c>struct sockaddr</c>).</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The kernel's types of sockets to try, in order.</summary>
    public IReadOnlyList<int> Types { get; }

    /// <summary>Whether descriptors can be sent there.</summary>
    public bool TakesDescriptors => Family == NotifyNative.AF_UNIX;

    /// <summary>Parses an address.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static NotifyAddress Parse(string text)
    {
        if (text.StartsWith(VirtualSocket, StringComparison.Ordinal))
        {
            return ParseVirtual(text);
        }

        if (text is not (['/', _, ..] or ['@', _, ..]))
        {
            throw new FormatException("an address is /path, @name or vsock:CID:PORT");
        }

        bool isAbstract = text[0] == '@';
        byte[] name = Encoding.UTF8.GetBytes(text);
        int length = name.Length + (isAbstract ? 0 : 1);
        if (length > NotifyNative.LocalNameSize || text.Contains('\0', StringComparison.Ordinal))
        {
            throw new FormatException(
                $"with its / or @, a path has at most {NotifyNative.LocalNameSize - 1} bytes, an abstract name "
                    + $"{NotifyNative.LocalNameSize}, and neither has a zero");
        }

        // An abstract name has the length of the address; a path ends with the first zero.
        byte[] address = new byte[sizeof(ushort) + length];
        MemoryMarshal.Write(address, (ushort)NotifyNative.AF_UNIX);
        name.CopyTo(address.AsSpan(sizeof(ushort)));
        if (isAbstract)
        {
            address[sizeof(ushort)] = 0;
        }

        return new NotifyAddress(text, NotifyNative.AF_UNIX, address, NotifyNative.SOCK_DGRAM);
    }

    private static NotifyAddress ParseVirtual(string text)
    {
        string[] parts = text.Split(':');
        int[] types = parts[0] switch
        {
            VirtualSocket => [NotifyNative.SOCK_DGRAM, NotifyNative.SOCK_SEQPACKET],
            "vsock-dgram" => [NotifyNative.SOCK_DGRAM],
            "vsock-seqpacket" => [NotifyNative.SOCK_SEQPACKET],
            _ => throw new FormatException("a vsock address begins with vsock:, vsock-dgram: or vsock-seqpacket:"),
        };
        if (parts.Length != 3 || !TryParse(parts[1], out uint context) || !TryParse(parts[2], out uint port))
        {
            throw new FormatException("a vsock address is vsock:CID:PORT, with two numbers of up to 32 bits");
        }

        byte[] address = new byte[NotifyNative.VirtualAddressSize];
        MemoryMarshal.Write(address, (ushort)NotifyNative.AF_VSOCK);
        MemoryMarshal.Write(address.AsSpan(NotifyNative.VirtualPortOffset), port);
        MemoryMarshal.Write(address.AsSpan(NotifyNative.VirtualContextOffset), context);
        return new NotifyAddress(text, NotifyNative.AF_VSOCK, address, types);
    }

    private static bool TryParse(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
