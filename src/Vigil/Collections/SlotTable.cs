using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Vigil.Collections;

/// <summary>
/// Objects under tokens. A slot's generation changes whenever its object leaves. A stale token is recognised in O(1), without a search and
/// without hashing. After 2³² changes of one slot a generation recurs; a token would have to outlive them all to be mistaken.
/// </summary>
internal sealed class SlotTable<T>
    where T : class
{
    private const int InitialSize = 16;

    private Slot[] _slots = new Slot[InitialSize];
    private int[] _free = new int[InitialSize];
    private int _freeCount;
    private int _used;

    public int Count => _used - _freeCount;

    /// <summary>
    /// The stamp of objects retired from now on. The owner increments it with each batch of tokens from outside, to distinguish a
    /// token retired while its batch was being handled, which is expected, from one that should never have come.
    /// </summary>
    public uint Epoch { get; set; }

    public SourceToken Add(T value)
    {
        int index;
        if (_freeCount > 0)
        {
            index = _free[--_freeCount];
        }
        else
        {
            if (_used == _slots.Length)
            {
                Array.Resize(ref _slots, _slots.Length * 2);
            }

            index = _used++;
            _slots[index].Generation = 1;
        }

        _slots[index].Value = value;
        return TokenOf(index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet(SourceToken token, [NotNullWhen(true)] out T? value)
    {
        Slot[] slots = _slots;
        uint index = token.Slot;
        if (index < (uint)slots.Length)
        {
            ref Slot slot = ref slots[index];
            if (slot.Generation == token.Generation)
            {
                value = slot.Value;
                return value is not null;
            }
        }

        value = null;
        return false;
    }

    /// <summary>Gives a live object a new token; the old one is dead.</summary>
    public SourceToken Renew(SourceToken token)
    {
        int index = IndexOf(token);
        Retire(ref _slots[index]);
        return TokenOf(index);
    }

    /// <summary>The token that <see cref="Renew"/> would return: to pass to a party that may refuse it.</summary>
    public SourceToken PeekRenewed(SourceToken token)
    {
        int index = IndexOf(token);
        return new SourceToken(index, GenerationAfter(_slots[index].Generation));
    }

    public void Remove(SourceToken token)
    {
        int index = IndexOf(token);
        Retire(ref _slots[index]);
        _slots[index].Value = null;
        if (_freeCount == _free.Length)
        {
            Array.Resize(ref _free, _free.Length * 2);
        }

        _free[_freeCount++] = index;
    }

    /// <summary>Whether a dead token was retired in this epoch.</summary>
    public bool WasRetiredInThisEpoch(SourceToken token)
    {
        uint index = token.Slot;
        return index < (uint)_used && _slots[index].RetiredIn == Epoch;
    }

    /// <summary>All objects, in the order of the slots. Changing the table invalidates the enumeration; take a copy first.</summary>
    public IEnumerable<T> Values()
    {
        for (int i = 0; i < _used; i++)
        {
            if (_slots[i].Value is { } value)
            {
                yield return value;
            }
        }
    }

    private int IndexOf(SourceToken token) =>
        TryGet(token, out _) ? (int)token.Slot : throw new ArgumentException("The token is dead.", nameof(token));

    // Skips 0, so that no token is SourceToken.None.
    private static uint GenerationAfter(uint generation) => generation == uint.MaxValue ? 1 : generation + 1;

    private SourceToken TokenOf(int index) => new(index, _slots[index].Generation);

    private void Retire(ref Slot slot)
    {
        slot.Generation = GenerationAfter(slot.Generation);
        slot.RetiredIn = Epoch;
    }

    private struct Slot
    {
        public T? Value;
        public uint Generation;
        public uint RetiredIn;
    }
}
