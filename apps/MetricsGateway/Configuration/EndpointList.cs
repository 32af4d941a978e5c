using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace MetricsGateway.Configuration;

/// <summary>An address or a name, with a port.</summary>
/// <param name="Name">The name to be looked up; null for an address.</param>
/// <param name="Endpoint">The address and port; for a name only the port counts.</param>
internal readonly record struct HostEndpoint(string? Name, IPEndPoint Endpoint)
{
    public override string ToString() => Name is null ? Endpoint.ToString() : $"{Name}:{Endpoint.Port}";
}

/// <summary>An address and port to use, and whether it was written as a name.</summary>
internal readonly record struct FoundEndpoint(IPEndPoint Endpoint, bool IsOfName);

/// <summary>The addresses or names with ports of one option. Two lists are equal if they have the same text and the same
/// addresses.</summary>
internal sealed class EndpointList : IEquatable<EndpointList>
{
    /// <summary>The largest number of entries.</summary>
    public const int MaxCount = 20;

    private readonly HostEndpoint[] _items;

    private EndpointList(HostEndpoint[] items, FoundEndpoint[] found)
    {
        _items = items;
        Found = found;
    }

    /// <summary>The distinct addresses, including those of names that were looked up.</summary>
    public IReadOnlyList<FoundEndpoint> Found { get; }

    public static implicit operator EndpointList(IPEndPoint endpoint) => FromIPEndPoint(endpoint);

    public static EndpointList FromIPEndPoint(IPEndPoint endpoint) => Create([new HostEndpoint(Name: null, endpoint)]);

    /// <summary>Reads one or several entries, separated by commas.</summary>
    public static bool TryParse(string text, int maxCount, [NotNullWhen(true)] out EndpointList? list)
    {
        list = null;
        string[] parts = text.Split(',');
        var items = new HostEndpoint[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (i == maxCount || !EndpointText.TryParse(parts[i], out items[i]))
            {
                return false;
            }
        }

        list = Create(items);
        return true;
    }

    /// <summary>Looks up the names. It may take many seconds.</summary>
    /// <param name="lookUp">Returns the addresses of a name, or throws.</param>
    public EndpointList LookUp(Func<string, IReadOnlyList<IPAddress>> lookUp)
    {
        IEnumerable<FoundEndpoint> found = _items.SelectMany(item => item.Name is { } name
            ? lookUp(name).Select(address => new FoundEndpoint(new IPEndPoint(address, item.Endpoint.Port), IsOfName: true))
            : [new FoundEndpoint(item.Endpoint, IsOfName: false)]);
        return new EndpointList(_items, [.. found.DistinctBy(entry => entry.Endpoint)]);
    }

    public override string ToString() => string.Join(',', _items);

    public bool Equals(EndpointList? other) => other is not null && _items.SequenceEqual(other._items) && Found.SequenceEqual(other.Found);

    public override bool Equals(object? obj) => Equals(obj as EndpointList);

    public override int GetHashCode() => _items.Aggregate(_items.Length, HashCode.Combine);

    private static EndpointList Create(HostEndpoint[] items) => new(
        items,
        [.. items.Where(item => item.Name is null).Select(
            item => new FoundEndpoint(item.Endpoint, IsOfName: false)).DistinctBy(entry => entry.Endpoint)]);
}
