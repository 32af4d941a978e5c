using System.Runtime.CompilerServices;

namespace Exploration;

/// <summary>A store on its way from a thread to memory.</summary>
internal abstract class BufferedStore(nint address, Location location, string name, bool isVisible, UInt128 id, int[]? clock)
{
    public nint Address => address;

    public Location Location => location;

    public string Name => name;

    /// <summary>Whether other threads may see the moment at which it reaches memory.</summary>
    public bool IsVisible => isVisible;

    /// <summary>A digest of what the thread had done when it stored: of place and value, too.</summary>
    public UInt128 Id => id;

    /// <summary>What the thread knew; null if nobody learns it from this store.</summary>
    public int[]? Clock => clock;

    /// <summary>Puts the value into memory.</summary>
    public abstract void Apply();

    /// <summary>For the trace.</summary>
    public abstract string Text { get; }
}

/// <inheritdoc cref="BufferedStore"/>
internal sealed unsafe class BufferedStore<T>(
    nint address, Location location, string name, bool isVisible, UInt128 id, int[]? clock, T value)
    : BufferedStore(address, location, name, isVisible, id, clock)
{
    public T Value => value;

    public override string Text => $"{value}";

    public override void Apply() => Unsafe.AsRef<T>((void*)Address) = value;
}
