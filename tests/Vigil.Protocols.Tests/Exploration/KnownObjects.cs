using System.Reflection;
using System.Runtime.CompilerServices;

namespace Exploration;

/// <summary>
/// The objects that a scenario consists of before its threads begin, in an order that is the same in each execution. They give places in
/// memory names that do not depend on addresses.
/// </summary>
/// <remarks>
/// The size of an object is read from its type's method table, whose first fields have been the same since .NET Core 1.0.
/// </remarks>
internal sealed unsafe class KnownObjects
{
    private static readonly ConditionalWeakTable<Type, FieldInfo[]> Fields = [];

    private readonly List<(nint Start, nint End, int Number)> _ranges = [];
    private readonly HashSet<object> _found = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<object> _left = [];

    /// <summary>Finds all that can be reached from an object.</summary>
    public void Find(object root)
    {
        _ranges.Clear();
        _found.Clear();
        Reach(root);
        while (_left.TryDequeue(out object? next))
        {
            nint start = AddressOf(next);
            byte* type = *(byte**)start;
            long size = *(uint*)(type + 4) + (next is Array array ? (long)*(ushort*)type * array.Length : 0);
            _ranges.Add((start, start + (nint)size, _ranges.Count + 1));
            if (next is object?[] elements)
            {
                Array.ForEach(elements, Reach);
            }
            else if (next is not Array)
            {
                foreach (FieldInfo field in FieldsOf(next.GetType()))
                {
                    Reach(field.GetValue(next));
                }
            }
        }

        _ranges.Sort((one, other) => one.Start.CompareTo(other.Start));
    }

    /// <summary>
    /// The number of the object that has an address in it, and how far from its beginning; 0 if it is none of these objects.
    /// </summary>
    public UInt128 NameOf(nint address)
    {
        int low = 0;
        int high = _ranges.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            (nint start, nint end, int number) = _ranges[middle];
            if (address < start)
            {
                high = middle - 1;
            }
            else if (address >= end)
            {
                low = middle + 1;
            }
            else
            {
                return new UInt128((ulong)number, (ulong)(address - start) + 1);
            }
        }

        return 0;
    }

    /// <summary>
    /// A digest of a value that means the same in each execution. Null if it refers to an object that a thread has made, which has no name.
    /// </summary>
    public UInt128? DigestOf<T>(T value)
    {
        if (!RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            UInt128 bits = 0;
            if (Unsafe.SizeOf<T>() > Unsafe.SizeOf<UInt128>())
            {
                return null;
            }

            Unsafe.WriteUnaligned(ref Unsafe.As<UInt128, byte>(ref bits), value);
            return bits;
        }

        if (!typeof(T).IsValueType)
        {
            return OfObject(value);
        }

        UInt128 digest = 0;
        object boxed = value!;
        foreach (FieldInfo field in FieldsOf(typeof(T)))
        {
            object? part = field.GetValue(boxed);
            UInt128? ofPart = part is not null && part.GetType().IsPrimitive ? (UInt128)(uint)part.GetHashCode() : OfObject(part);
            if (ofPart is null)
            {
                return null;
            }

            digest = (digest * 1_000_003) + ofPart.Value;
        }

        return digest;
    }

    private UInt128? OfObject(object? value)
    {
        if (value is null)
        {
            return 0;
        }

        // An object without fields is as good as its type.
        UInt128 name = NameOf(AddressOf(value));
        return name != 0 ? name : FieldsOf(value.GetType()).Length == 0 ? (UInt128)(uint)value.GetType().GetHashCode() : null;
    }

    private static nint AddressOf(object value) => *(nint*)Unsafe.AsPointer(ref value);

    // The fields of the code under test, of a type and those it derives from.
    private static FieldInfo[] FieldsOf(Type type) => Fields.GetValue(type, static type =>
    {
        var fields = new List<FieldInfo>();
        for (Type? level = type; level is not null && level != typeof(object); level = level.BaseType)
        {
            fields.AddRange(level.GetFields(
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));
        }

        return [.. fields];
    });

    private void Reach(object? value)
    {
        if (value is not null && IsExplored(value.GetType()) && _found.Add(value))
        {
            _left.Enqueue(value);
        }
    }

    private static bool IsExplored(Type type) => type.IsArray
        ? type.GetElementType()!.IsValueType || IsExplored(type.GetElementType()!)
        : !type.IsValueType && !type.IsAssignableTo(typeof(Delegate))
            && type.Namespace?.StartsWith("Vigil", StringComparison.Ordinal) == true;
}
